#include "collector/ingest/live_capture.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <vector>

#include "collector/ingest/link_layer.h"

namespace weir::ingest {
namespace {

struct DevicesFreer {
  void operator()(pcap_if_t* devices) const noexcept { pcap_freealldevs(devices); }
};

struct FilterFreer {
  void operator()(bpf_program* program) const noexcept { pcap_freecode(program); }
};

/// "eth0, lo", or a word on why there are none to name.
std::string device_names() {
  std::array<char, PCAP_ERRBUF_SIZE> text{};
  pcap_if_t* first = nullptr;
  if (pcap_findalldevs(&first, text.data()) != 0) return "none that could be listed";
  const std::unique_ptr<pcap_if_t, DevicesFreer> devices(first);
  std::vector<std::string> names;
  for (const pcap_if_t* device = first; device != nullptr; device = device->next)
    names.emplace_back(device->name);
  return names.empty() ? "none that this user may open" : fmt::format("{}", fmt::join(names, ", "));
}

int as_int(std::uint32_t value) noexcept {
  constexpr auto kMost = static_cast<std::uint32_t>(std::numeric_limits<int>::max());
  return static_cast<int>(std::clamp<std::uint32_t>(value, 1, kMost));
}

/// What pcap_activate() refused, and the mend.
tl::unexpected<Error> activate_failure(const std::string& device, int status, const char* text) {
  switch (status) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return failure(ErrorCode::NotFound, fmt::format("cannot capture on {}: no such device; this "
                                                      "machine has {}",
                                                      device, device_names()));
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return failure(ErrorCode::Permission,
                     fmt::format("cannot capture on {}: this needs the capability CAP_NET_RAW; "
                                 "grant it with `setcap cap_net_raw+ep` on the program or "
                                 "AmbientCapabilities=CAP_NET_RAW in the systemd unit",
                                 device));
    case PCAP_ERROR_IFACE_NOT_UP:
      return failure(ErrorCode::Unavailable,
                     fmt::format("cannot capture on {0}: the interface is down; bring it up with "
                                 "`ip link set {0} up`",
                                 device));
    default:
      return failure(ErrorCode::Internal,
                     fmt::format("cannot capture on {}: {}", device,
                                 *text != '\0' ? text : pcap_statustostr(status)));
  }
}

Result<void> set_filter(pcap* session, const LiveCaptureOptions& options) {
  bpf_program program{};
  if (pcap_compile(session, &program, options.filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
    return failure(ErrorCode::Usage,
                   fmt::format("capture filter \"{}\" on {} is wrong: {}; the language is in "
                               "`man pcap-filter`",
                               options.filter, options.device, pcap_geterr(session)));
  const std::unique_ptr<bpf_program, FilterFreer> owner(&program);
  if (pcap_setfilter(session, &program) != 0)
    return failure(ErrorCode::Internal,
                   fmt::format("cannot set the capture filter \"{}\" on {}: {}", options.filter,
                               options.device, pcap_geterr(session)));
  return {};
}

}  // namespace

Result<LiveCapture> LiveCapture::open(const LiveCaptureOptions& options) {
  std::array<char, PCAP_ERRBUF_SIZE> text{};
  PcapHandle handle(pcap_create(options.device.c_str(), text.data()));
  if (!handle)
    return failure(ErrorCode::Internal,
                   fmt::format("cannot capture on {}: {}", options.device, text.data()));
  pcap* const session = handle.get();
  // These fail only on a session that is active already.
  pcap_set_snaplen(session, as_int(options.snapshot_bytes));
  pcap_set_buffer_size(session, as_int(options.buffer_bytes));
  // A mirror port's frames are addressed to others.
  pcap_set_promisc(session, 1);
  // Hands over each packet as it comes: the reader never waits for a block to fill.
  pcap_set_immediate_mode(session, 1);

  const int status = pcap_activate(session);
  if (status < 0) return activate_failure(options.device, status, pcap_geterr(session));
  LiveCapture result;
  if (status > 0) {
    const char* const remark = pcap_geterr(session);
    result.warning_ = fmt::format("capture on {}: {}", options.device,
                                  *remark != '\0' ? remark : pcap_statustostr(status));
  }
  result.link_type_ = pcap_datalink(session);
  if (!is_link_type_supported(result.link_type_)) {
    const char* const name = pcap_datalink_val_to_name(result.link_type_);
    return failure(
        ErrorCode::Usage,
        fmt::format("{} has link type {} ({}), which is not read here; capture on an "
                    "Ethernet interface",
                    options.device, result.link_type_, name == nullptr ? "unknown" : name));
  }
  if (!options.filter.empty())
    if (auto set = set_filter(session, options); !set) return tl::unexpected(set.error());
  if (pcap_setnonblock(session, 1, text.data()) != 0)
    return failure(ErrorCode::Internal,
                   fmt::format("cannot capture on {}: {}", options.device, text.data()));
  result.fd_ = pcap_get_selectable_fd(session);
  result.device_ = options.device;
  result.handle_ = std::move(handle);
  result.drops_ = std::make_unique<Drops>();
  return result;
}

Result<std::optional<Datagram>> LiveCapture::next_datagram() {
  for (;;) {
    auto packet = next_packet();
    if (!packet) return tl::unexpected(std::move(packet.error()));
    if (!*packet) return std::nullopt;
    if (auto datagram = extractor_.extract(**packet)) return datagram;
  }
}

Result<std::optional<CapturedPacket>> LiveCapture::next_packet() {
  pcap_pkthdr* header = nullptr;
  const unsigned char* bytes = nullptr;
  const int status = pcap_next_ex(handle_.get(), &header, &bytes);
  if (status == 1) return captured_packet(*header, bytes, link_type_);
  if (status == 0) return std::nullopt;
  return failure(ErrorCode::Unavailable,
                 fmt::format("capture on {} broke off: {}; bring the interface up again", device_,
                             pcap_geterr(handle_.get())));
}

std::uint64_t LiveCapture::dropped() noexcept {
  // libpcap counts both in 32 bits.
  const std::lock_guard lock(drops_->mutex);
  if (pcap_stat stat{}; pcap_stats(handle_.get(), &stat) == 0) {
    drops_->ring.advance(stat.ps_drop);
    drops_->interface.advance(stat.ps_ifdrop);
  }
  return drops_->ring.total() + drops_->interface.total();
}

}  // namespace weir::ingest
