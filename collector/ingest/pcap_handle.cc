#include "collector/ingest/pcap_handle.h"

#include <pcap/pcap.h>

#include <algorithm>
#include <cstdint>
#include <span>

namespace weir::ingest {
namespace {

/// 9999-12-31: a pcapng file can say any time, and milliseconds must not overflow.
constexpr std::int64_t kLatestSecond = 253'402'300'799;

TrafficTime arrival_of(const timeval& time) noexcept {
  std::int64_t seconds = time.tv_sec;
  // The seconds of a pcap file are 32 bits without a sign; libpcap gives them one.
  if (seconds < 0) seconds += std::int64_t{1} << 32;
  seconds = std::clamp<std::int64_t>(seconds, 0, kLatestSecond);
  const std::int64_t microseconds = std::clamp<std::int64_t>(time.tv_usec, 0, 999'999);
  return traffic_time_ms(seconds * 1'000 + microseconds / 1'000);
}

}  // namespace

void PcapCloser::operator()(pcap* session) const noexcept { pcap_close(session); }

CapturedPacket captured_packet(const pcap_pkthdr& header, const unsigned char* bytes,
                               int link_type) noexcept {
  return {.bytes = std::as_bytes(std::span(bytes, header.caplen)),
          // A file may claim less than it holds.
          .original_length = std::max(header.len, header.caplen),
          .link_type = link_type,
          .arrival = arrival_of(header.ts)};
}

}  // namespace weir::ingest
