#pragma once

#include <cstdint>
#include <memory>

#include "collector/model/datagram.h"

// Of <pcap/pcap.h>, which stays out of the headers.
struct pcap;
struct pcap_pkthdr;

namespace weir::ingest {

/// Owns a libpcap session. Folder-private: what PcapFile and LiveCapture share.

struct PcapCloser {
  void operator()(pcap* session) const noexcept;
};
using PcapHandle = std::unique_ptr<pcap, PcapCloser>;

/// The packet as libpcap gives it; the bytes stay libpcap's.
[[nodiscard]] CapturedPacket captured_packet(const pcap_pkthdr& header, const unsigned char* bytes,
                                             int link_type) noexcept;

}  // namespace weir::ingest
