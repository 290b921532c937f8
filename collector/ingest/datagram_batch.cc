#include "collector/ingest/datagram_batch.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "collector/ingest/socket_address.h"

namespace weir::ingest {
namespace {

/// A full Ethernet frame's datagram (1,472 bytes) fits.
constexpr std::size_t kHeadBytes = 2'048;
constexpr std::size_t kPageBytes = 4'096;

constexpr std::size_t round_up(std::size_t bytes, std::size_t step) noexcept {
  return (bytes + step - 1) / step * step;
}

}  // namespace

void DatagramBatch::Unmap::operator()(std::byte* memory) const noexcept { ::munmap(memory, bytes); }

DatagramBatch::Mapping DatagramBatch::map(std::size_t bytes) {
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return Mapping(static_cast<std::byte*>(memory), Unmap{bytes});
}

DatagramBatch::DatagramBatch(std::size_t capacity, std::size_t longest_bytes)
    : capacity_(std::clamp<std::size_t>(capacity, 1, 1'024)),
      head_bytes_(std::min(kHeadBytes, longest_bytes)),
      space_bytes_(round_up(std::max<std::size_t>(longest_bytes, 1), kPageBytes)),
      heads_(map(capacity_ * kHeadBytes)),
      spaces_(map(capacity_ * space_bytes_)),
      vectors_(capacity_ * 2),
      sources_(capacity_),
      messages_(capacity_),
      datagrams_(capacity_) {
  for (std::size_t i = 0; i < capacity_; ++i) {
    vectors_[2 * i] = {.iov_base = head(i), .iov_len = head_bytes_};
    vectors_[2 * i + 1] = {.iov_base = space(i) + head_bytes_,
                           .iov_len = longest_bytes - head_bytes_};
    msghdr& header = messages_[i].msg_hdr;
    header.msg_name = &sources_[i];
    header.msg_namelen = sizeof(sockaddr_in6);
    header.msg_iov = &vectors_[2 * i];
    header.msg_iovlen = 2;
  }
}

std::byte* DatagramBatch::head(std::size_t index) const noexcept {
  return heads_.get() + index * kHeadBytes;
}

std::byte* DatagramBatch::space(std::size_t index) const noexcept {
  return spaces_.get() + index * space_bytes_;
}

std::span<const std::byte> DatagramBatch::payload(std::size_t index, std::size_t bytes) noexcept {
  if (bytes <= head_bytes_) [[likely]]
    return {head(index), bytes};
  // The kernel left room for the head in front of the rest.
  std::memcpy(space(index), head(index), head_bytes_);
  return {space(index), bytes};
}

std::span<const Datagram> DatagramBatch::receive(UdpSocket& socket, TrafficTime arrival) noexcept {
  last_truncated_ = 0;
  int received = 0;
  do {
    received = ::recvmmsg(socket.fd(), messages_.data(), static_cast<unsigned>(capacity_),
                          MSG_DONTWAIT, nullptr);
  } while (received < 0 && errno == EINTR);
  if (received <= 0) {
    if (received < 0 && errno != EAGAIN && errno != EWOULDBLOCK) ++failures_;
    return {};
  }

  const std::uint16_t destination_port = socket.local_port();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(received); ++i) {
    mmsghdr& message = messages_[i];
    // The kernel shortens it to what it wrote, and would cut the next address to that.
    message.msg_hdr.msg_namelen = sizeof(sockaddr_in6);
    if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0) {
      ++last_truncated_;
      continue;
    }
    const AddressAndPort source = read_socket_address(sources_[i]);
    datagrams_[kept++] = {.payload = payload(i, message.msg_len),
                          .source = source.address,
                          .source_port = source.port,
                          .destination_port = destination_port,
                          .arrival = arrival};
  }
  truncated_ += last_truncated_;
  return {datagrams_.data(), kept};
}

}  // namespace weir::ingest
