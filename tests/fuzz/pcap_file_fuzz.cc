/// Capture files made of any bytes: no crash, every packet counted once, and no datagram longer
/// than UDP allows.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "collector/ingest/pcap_file.h"
#include "collector/ingest/unique_fd.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::ingest::UniqueFd memory(::memfd_create("capture", MFD_CLOEXEC));
  if (::write(memory.get(), data, size) != static_cast<ssize_t>(size)) return 0;
  auto file = weir::ingest::PcapFile::open("/proc/self/fd/" + std::to_string(memory.get()));
  if (!file) return 0;
  std::uint64_t datagrams = 0;
  for (;;) {
    const auto datagram = file->next_datagram();
    if (!datagram) return 0;
    if (!*datagram) break;
    ++datagrams;
    // Reads every byte, for the sanitizers.
    unsigned sum = 0;
    for (const std::byte byte : (*datagram)->payload) sum += std::to_integer<unsigned>(byte);
    if ((*datagram)->payload.size() > 65'527 || sum > 65'527U * 255U) std::abort();
  }
  const auto stats = file->stats();
  const std::uint64_t ended = stats.datagrams - stats.datagrams_reassembled +
                              stats.fragments_reassembled + stats.fragments_dropped +
                              stats.not_udp + stats.truncated_packets + stats.malformed;
  if (stats.datagrams != datagrams || stats.packets != ended) std::abort();
  return 0;
}
