#include "collector/wire/sflow5.h"

#include <algorithm>
#include <random>
#include <span>

#include "collector/model/fate.h"
#include "collector/wire/byte_reader.h"
#include "collector/wire/decode_error.h"
#include "collector/wire/fingerprint.h"
#include "collector/wire/packet_header.h"
#include "collector/wire/record_copy.h"

namespace weir::wire {
namespace {

// Tags: enterprise number in the upper 20 bits, here 0, and format in the lower 12
// (sFlow v5, "data_format"). Sections below are those of that document.
constexpr std::uint32_t kFlowSample = 1;
constexpr std::uint32_t kCounterSample = 2;
constexpr std::uint32_t kExpandedFlowSample = 3;
constexpr std::uint32_t kExpandedCounterSample = 4;
// Records of flow samples.
constexpr std::uint32_t kRawHeader = 1;
constexpr std::uint32_t kSampledEthernet = 2;
constexpr std::uint32_t kSampledIpv4 = 3;
constexpr std::uint32_t kSampledIpv6 = 4;
constexpr std::uint32_t kExtendedSwitch = 1001;
constexpr std::uint32_t kExtendedRouter = 1002;
constexpr std::uint32_t kExtendedGateway = 1003;
// Records of counter samples.
constexpr std::uint32_t kGenericInterface = 1;

// Protocols of a sampled header ("header_protocol").
constexpr std::uint32_t kHeaderEthernet = 1;
constexpr std::uint32_t kHeaderIpv4 = 11;
constexpr std::uint32_t kHeaderIpv6 = 12;

constexpr std::size_t kTagAndLengthBytes = 8;
constexpr std::size_t kCompactFlowBytes = 32;
constexpr std::size_t kExpandedFlowBytes = 44;
constexpr std::size_t kCompactCounterBytes = 12;
constexpr std::size_t kExpandedCounterBytes = 16;
constexpr std::size_t kRawHeaderBytes = 16;
constexpr std::size_t kGenericInterfaceBytes = 88;
constexpr std::size_t kAsPathSegmentBytes = 8;  // the least: type and count
constexpr std::uint32_t kEthernetHeaderBytes = 14;
constexpr std::uint32_t kFcsBytes = 4;
// As much as XXH3 hashes in one go; beyond, it sets up for a long stream.
constexpr std::size_t kFingerprintBytes = 240;
constexpr std::uint32_t kLargestVlan = 4'094;

// Formats of an interface word ("interface").
constexpr std::uint32_t kSingleInterface = 0;
constexpr std::uint32_t kPacketDiscarded = 1;
constexpr std::uint32_t kSeveralInterfaces = 2;

constexpr FlowRecord kBlankRecord{};

enum class Form : std::uint8_t { Compact, Expanded };

struct Interface {
  std::uint32_t format = 0;
  std::uint32_t value = 0;
};

struct DataSource {
  std::uint32_t type = 0;
  std::uint32_t index = 0;
};

// The form is a template argument so that the compiler knows where every word stands.
template <Form kForm>
DataSource read_source(ByteReader& reader) noexcept {
  const std::uint32_t word = reader.u32();
  if constexpr (kForm == Form::Expanded) return {.type = word, .index = reader.u32()};
  return {.type = word >> 24, .index = word & 0x00ff'ffffU};
}

template <Form kForm>
Interface read_interface(ByteReader& reader) noexcept {
  const std::uint32_t word = reader.u32();
  if constexpr (kForm == Form::Expanded) return {.format = word, .value = reader.u32()};
  return {.format = word >> 30, .value = word & 0x3fff'ffffU};
}

/// A tagged, length-delimited item of a list: a sample, or a record of a sample.
struct Item {
  std::uint32_t tag = 0;
  std::span<const std::byte> body;
};

/// Moves `list` behind the next item. The items of XDR are padded to 4 bytes beyond the
/// length that they declare (RFC 4506, 4.10); the last may lack its padding.
Decoded<Item> read_item(ByteReader& list) noexcept {
  // The count before promised more items than there are.
  if (list.remaining() == 0) return tl::unexpected(DecodeError::BadCount);
  if (list.remaining() < kTagAndLengthBytes) return tl::unexpected(DecodeError::Truncated);
  const std::uint32_t tag = list.u32();
  const std::uint32_t length = list.u32();
  if (length > list.remaining()) return tl::unexpected(DecodeError::BadSampleLength);
  const Item item{.tag = tag, .body = list.bytes(length)};
  const std::size_t padding = (4U - length % 4U) % 4U;
  list.skip(std::min(padding, list.remaining()));
  return item;
}

Decoded<IpAddress> read_address(ByteReader& reader) noexcept {
  switch (reader.u32()) {
    case 0:  // UNKNOWN carries no bytes
      return IpAddress{};
    case 1:
      return IpAddress::v4(reader.u32());
    case 2: {
      const std::uint64_t high = reader.u64();
      return IpAddress::v6(high, reader.u64());
    }
    default:
      return tl::unexpected(DecodeError::BadAddressType);
  }
}

/// What tells a repeated datagram from another one of the same number: its first samples
/// carry numbers and pools of their own, so that reading all of it would tell no more.
std::span<const std::byte> head_of(std::span<const std::byte> payload) noexcept {
  return payload.first(std::min(payload.size(), kFingerprintBytes));
}

/// Samples are read here and there, at distances that the processor does not foresee: asks
/// for all of a datagram, so that it comes while the first sample is read.
void fetch_ahead(std::span<const std::byte> payload) noexcept {
  constexpr std::size_t kCacheLine = 64;
  const auto ahead = payload.first(std::min<std::size_t>(payload.size(), 1'536));
  for (std::size_t at = 0; at < ahead.size(); at += kCacheLine) __builtin_prefetch(&ahead[at]);
}

std::uint32_t less(std::uint32_t value, std::uint32_t taken) noexcept {
  return value > taken ? value - taken : 0;
}

/// Where the records of one flow sample stand. They may come in any order, and several may
/// say the same thing: the raw header outranks the other lengths, the switch record its tag.
class SampleRecords {
 public:
  /// `sample` is the body that all records to be noted lie in.
  explicit SampleRecords(std::span<const std::byte> sample) noexcept : sample_(sample.data()) {}

  /// A record: whether it is there, and its body.
  struct Place {
    // Half a pointer each, so that clearing all and noting one stay a move or two.
    std::uint32_t offset = 0;  ///< 0: not there, since every sample begins with its fixed part
    std::uint32_t length = 0;

    [[nodiscard]] bool is_there() const noexcept { return offset != 0; }
  };

  void note(const Item& item) noexcept {
    const Place place{.offset = static_cast<std::uint32_t>(item.body.data() - sample_),
                      .length = static_cast<std::uint32_t>(item.body.size())};
    switch (item.tag) {
      case kRawHeader:
        raw_header = place;
        break;
      case kSampledEthernet:
        ethernet = place;
        break;
      case kSampledIpv4:
        ipv4 = place;
        break;
      case kSampledIpv6:
        ipv6 = place;
        break;
      case kExtendedSwitch:
        extended_switch = place;
        break;
      case kExtendedRouter:
        extended_router = place;
        break;
      case kExtendedGateway:
        extended_gateway = place;
        break;
      default:
        break;
    }
  }

  [[nodiscard]] std::span<const std::byte> body(const Place& place) const noexcept {
    return {sample_ + place.offset, place.length};
  }

  Place raw_header;
  Place ethernet;
  Place ipv4;
  Place ipv6;
  Place extended_switch;
  Place extended_router;
  Place extended_gateway;

 private:
  const std::byte* sample_;
};

void set_octets(FlowRecord& record, std::uint32_t octets) noexcept {
  record.octets = octets;
  record.set(Has::Octets);
}

/// Without a link header the frame is the IP packet, unless the agent says that it took
/// a link header off.
void measure_ip_frame(FlowRecord& record, const ParsedHeader& header, std::uint32_t frame_bytes,
                      std::uint32_t stripped) noexcept {
  if (stripped < kEthernetHeaderBytes) {
    set_octets(record, frame_bytes);
  } else {
    record.layer2_octets = frame_bytes;
    record.set(Has::Layer2Octets);
    const std::uint32_t carried = less(frame_bytes, stripped);
    set_octets(record, header.ip_bytes == 0 ? carried : std::min(header.ip_bytes, carried));
  }
  if (header.ip_bytes != 0) record.set(Has::IpLength);
}

void measure_ethernet_frame(FlowRecord& record, const ParsedHeader& header,
                            std::uint32_t frame_bytes, std::uint32_t stripped) noexcept {
  record.layer2_octets = frame_bytes;
  record.set(Has::Layer2Octets);
  if (header.ip_bytes == 0) return;
  // The frame bounds what its header may claim. It counts the FCS that was taken off.
  const std::uint32_t behind_link =
      less(frame_bytes, header.link_bytes + (stripped >= kFcsBytes ? kFcsBytes : 0));
  set_octets(record, std::min(header.ip_bytes, behind_link));
  record.set(Has::IpLength);
}

/// "sampled_header". With all that reads the header in one piece: calls cost more here than work.
[[gnu::flatten]] void read_raw_header(std::span<const std::byte> body, FlowRecord& record,
                                      DecodeOutcome& outcome) noexcept {
  if (body.size() < kRawHeaderBytes) {
    outcome.refuse(DecodeError::Truncated);
    return;
  }
  ByteReader reader{body.first<kRawHeaderBytes>()};
  const std::uint32_t protocol = reader.u32();
  const std::uint32_t frame_bytes = reader.u32();
  const std::uint32_t stripped = reader.u32();
  const std::uint32_t header_bytes = reader.u32();
  auto bytes = body.subspan(kRawHeaderBytes);
  // The frame length stands even where the header's own length is false.
  if (header_bytes > bytes.size()) outcome.refuse(DecodeError::BadSampleLength);
  bytes = bytes.first(std::min<std::size_t>(header_bytes, bytes.size()));

  const bool is_ethernet = protocol == kHeaderEthernet;
  if (!is_ethernet && protocol != kHeaderIpv4 && protocol != kHeaderIpv6) {
    record.layer2_octets = frame_bytes;
    record.set(Has::Layer2Octets);
    return;
  }
  const ParsedHeader header =
      parse_packet_header(is_ethernet ? LinkLayer::Ethernet : LinkLayer::Ip, bytes);
  describe_packet(header, record);
  if (is_ethernet)
    measure_ethernet_frame(record, header, frame_bytes, stripped);
  else
    measure_ip_frame(record, header, frame_bytes, stripped);
}

/// "sampled_ethernet": its length includes the FCS.
void read_sampled_ethernet(std::span<const std::byte> body, FlowRecord& record,
                           DecodeOutcome& outcome) noexcept {
  ByteReader reader{body};
  const std::uint32_t frame_bytes = reader.u32();
  if (!reader.ok()) {
    outcome.refuse(DecodeError::Truncated);
    return;
  }
  if (record.has(Has::Layer2Octets)) return;
  record.layer2_octets = frame_bytes;
  record.set(Has::Layer2Octets);
}

/// "sampled_ipv4" and "sampled_ipv6", which differ in the size of their addresses.
void read_sampled_ip(Family family, std::span<const std::byte> body, FlowRecord& record,
                     DecodeOutcome& outcome) noexcept {
  ByteReader reader{body};
  const std::uint32_t ip_bytes = reader.u32();
  const std::uint32_t protocol = reader.u32();
  const auto address = [&reader, family]() noexcept {
    if (family == Family::Ipv4) return IpAddress::v4(reader.u32());
    const std::uint64_t high = reader.u64();
    return IpAddress::v6(high, reader.u64());
  };
  const IpAddress source = address();
  const IpAddress destination = address();
  const std::uint32_t source_port = reader.u32();
  const std::uint32_t destination_port = reader.u32();
  const std::uint32_t tcp_flags = reader.u32();
  const std::uint32_t tos = reader.u32();
  if (!reader.ok()) {
    outcome.refuse(DecodeError::Truncated);
    return;
  }
  if (!record.has(Has::Octets)) {
    set_octets(record, ip_bytes);
    record.set(Has::IpLength);
  }
  if (record.has(Has::SourceAddress)) return;
  record.source = source;
  record.destination = destination;
  record.set(Has::SourceAddress);
  record.set(Has::DestinationAddress);
  record.ip_version = family == Family::Ipv4 ? 4 : 6;
  record.set(Has::IpVersion);
  record.protocol = static_cast<std::uint8_t>(protocol);
  record.source_port = static_cast<std::uint16_t>(source_port);
  record.destination_port = static_cast<std::uint16_t>(destination_port);
  record.tcp_flags = static_cast<std::uint8_t>(tcp_flags);
  record.tos = static_cast<std::uint8_t>(tos);
}

/// "extended_switch": VLANs and priorities. Values that are no VLAN id mean untagged or unknown.
void read_extended_switch(std::span<const std::byte> body, FlowRecord& record,
                          DecodeOutcome& outcome) noexcept {
  ByteReader reader{body};
  const std::uint32_t input = reader.u32();
  reader.skip(4);
  const std::uint32_t output = reader.u32();
  if (!reader.ok()) {
    outcome.refuse(DecodeError::Truncated);
    return;
  }
  if (input != 0 && input <= kLargestVlan) {
    record.input_vlan = static_cast<std::uint16_t>(input);
    record.set(Has::InputVlan);
  }
  if (output != 0 && output <= kLargestVlan) {
    record.output_vlan = static_cast<std::uint16_t>(output);
    record.set(Has::OutputVlan);
  }
}

/// The address that starts "extended_router" and "extended_gateway".
Decoded<IpAddress> read_next_hop(ByteReader& reader) noexcept {
  Decoded<IpAddress> next_hop = read_address(reader);
  if (next_hop && !reader.ok()) return tl::unexpected(DecodeError::Truncated);
  return next_hop;
}

void set_next_hop(FlowRecord& record, const IpAddress& next_hop) noexcept {
  if (next_hop.is_unspecified()) return;
  record.next_hop = next_hop;
  record.set(Has::NextHop);
}

void read_extended_router(std::span<const std::byte> body, FlowRecord& record,
                          DecodeOutcome& outcome) noexcept {
  ByteReader reader{body};
  const Decoded<IpAddress> next_hop = read_next_hop(reader);
  if (next_hop) {
    set_next_hop(record, *next_hop);
  } else {
    outcome.refuse(next_hop.error());
  }
}

/// "extended_gateway". Counts are compared with what remains and size nothing. A source AS
/// of zero and an empty path mean the router's own AS.
Decoded<void> read_extended_gateway(std::span<const std::byte> body, FlowRecord& record) noexcept {
  ByteReader reader{body};
  const Decoded<IpAddress> next_hop = read_next_hop(reader);
  if (!next_hop) return tl::unexpected(next_hop.error());
  const std::uint32_t own_as = reader.u32();
  const std::uint32_t source_as = reader.u32();
  reader.skip(4);  // peer of the source
  const std::uint32_t segments = reader.u32();
  if (!reader.ok()) return tl::unexpected(DecodeError::Truncated);
  if (segments > reader.remaining() / kAsPathSegmentBytes)
    return tl::unexpected(DecodeError::BadCount);
  std::uint32_t destination_as = own_as;
  for (std::uint32_t i = 0; i < segments; ++i) {
    reader.skip(4);  // set or sequence
    const std::uint32_t length = reader.u32();
    if (!reader.ok()) return tl::unexpected(DecodeError::Truncated);
    if (length > reader.remaining() / 4) return tl::unexpected(DecodeError::BadCount);
    if (length == 0) continue;
    reader.skip((std::size_t{length} - 1) * 4);
    destination_as = reader.u32();
  }
  const std::uint32_t communities = reader.u32();
  if (!reader.ok()) return tl::unexpected(DecodeError::Truncated);
  if (communities > reader.remaining() / 4) return tl::unexpected(DecodeError::BadCount);

  record.source_as = source_as != 0 ? source_as : own_as;
  record.destination_as = destination_as;
  record.set(Has::SourceAs);
  record.set(Has::DestinationAs);
  set_next_hop(record, *next_hop);
  return {};
}

void read_records(const SampleRecords& records, FlowRecord& record,
                  DecodeOutcome& outcome) noexcept {
  if (records.raw_header.is_there())
    read_raw_header(records.body(records.raw_header), record, outcome);
  if (records.ethernet.is_there())
    read_sampled_ethernet(records.body(records.ethernet), record, outcome);
  if (records.ipv4.is_there())
    read_sampled_ip(Family::Ipv4, records.body(records.ipv4), record, outcome);
  if (records.ipv6.is_there())
    read_sampled_ip(Family::Ipv6, records.body(records.ipv6), record, outcome);
  if (!record.has(Has::Octets) && record.has(Has::Layer2Octets)) {
    // A frame that is not IP, or does not say how long its packet is: what the frame carries.
    const std::uint32_t around =
        kEthernetHeaderBytes + kFcsBytes + std::uint32_t{record.proven_tags} * 4;
    set_octets(record, less(static_cast<std::uint32_t>(record.layer2_octets), around));
  }
  if (records.extended_switch.is_there())
    read_extended_switch(records.body(records.extended_switch), record, outcome);
  if (records.extended_router.is_there())
    read_extended_router(records.body(records.extended_router), record, outcome);
  if (records.extended_gateway.is_there()) {
    const auto result = read_extended_gateway(records.body(records.extended_gateway), record);
    if (!result) outcome.refuse(result.error());
  }
}

/// What the interface words and the data source say of the packet's way.
void set_way(const Interface& input, const Interface& output, FlowRecord& record) noexcept {
  if (input.format == kSingleInterface) {
    record.input = input.value;
    record.set(Has::Input);
  }
  if (output.format == kSingleInterface) {
    record.output = output.value;
    record.set(Has::Output);
  } else if (output.format == kPacketDiscarded) {
    record.forwarding = Forwarding::Dropped;
  } else if (output.format == kSeveralInterfaces) {
    record.forwarding = Forwarding::ManyOutputs;
  }
  if (record.source_class != 0) return;
  // Agents sample packets as they come in, or as they go out.
  if (record.has(Has::Input) && record.source_index == record.input) {
    record.metered = MeteredDirection::Ingress;
  } else if (record.has(Has::Output) && record.source_index == record.output) {
    record.metered = MeteredDirection::Egress;
  }
  if (record.metered != MeteredDirection::Unknown) record.set(Has::MeteredDirection);
}

/// What is known of the stream that a sample belongs to.
struct SampleOrigin {
  SampleSources* sources = nullptr;  ///< null: not watched for loss
  SampleNumbers::Arrival arrival = SampleNumbers::Arrival::Ahead;
};

/// "flow_sample" and "flow_sample_expanded". False when there is no record to hand on.
template <Form kForm>
bool read_flow_sample(std::span<const std::byte> body, const SampleOrigin& origin,
                      FlowRecord& record, DecodeOutcome& outcome) noexcept {
  constexpr std::size_t kFixedBytes =
      kForm == Form::Compact ? kCompactFlowBytes : kExpandedFlowBytes;
  if (body.size() < kFixedBytes) {
    outcome.refuse(DecodeError::Truncated);
    return false;
  }
  ByteReader fixed{body.first<kFixedBytes>()};
  const std::uint32_t sequence = fixed.u32();
  const DataSource source = read_source<kForm>(fixed);
  record.source_class = source.type;
  record.source_index = source.index;
  record.sampling_interval = fixed.u32();
  if (record.sampling_interval != 0) record.sampling_source = SamplingSource::Record;
  record.sample_pool = fixed.u32();
  record.agent_drops = fixed.u32();
  const Interface input = read_interface<kForm>(fixed);
  const Interface output = read_interface<kForm>(fixed);
  const std::uint32_t count = fixed.u32();
  set_way(input, output, record);
  record.packets = 1;
  record.set(Has::Packets);

  ByteReader items{body.subspan(kFixedBytes)};
  SampleRecords records(body);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Decoded<Item> item = read_item(items);
    if (!item) {
      outcome.refuse(item.error());
      if (item.error() == DecodeError::BadCount) break;  // what there is is whole
      return false;
    }
    records.note(*item);
  }
  if (origin.sources != nullptr) {
    record.sampling_interval = origin.sources->interval_of({.source_class = source.type,
                                                            .source_index = source.index,
                                                            .sequence = sequence,
                                                            .pool = record.sample_pool,
                                                            .rate = record.sampling_interval,
                                                            .arrival = origin.arrival});
  }
  read_records(records, record, outcome);
  return true;
}

/// "if_counters".
void read_generic_interface(std::span<const std::byte> body, CounterRecord& record,
                            DecodeOutcome& outcome) noexcept {
  if (body.size() < kGenericInterfaceBytes) {
    outcome.refuse(DecodeError::Truncated);
    return;
  }
  ByteReader reader{body.first<kGenericInterfaceBytes>()};
  record.interface = reader.u32();
  record.type = reader.u32();
  record.speed = reader.u64();
  reader.skip(4);  // duplex
  record.status = reader.u32();
  record.in_octets = reader.u64();
  record.in_unicast_packets = reader.u32();
  reader.skip(8);  // multicast, broadcast
  record.in_discards = reader.u32();
  record.in_errors = reader.u32();
  reader.skip(4);  // unknown protocols
  record.out_octets = reader.u64();
  record.out_unicast_packets = reader.u32();
  reader.skip(8);
  record.out_discards = reader.u32();
  record.out_errors = reader.u32();
  record.has_interface = true;
}

/// "counters_sample" and "counters_sample_expanded".
template <Form kForm>
Decoded<CounterRecord> read_counter_sample(std::span<const std::byte> body,
                                           DecodeOutcome& outcome) noexcept {
  constexpr std::size_t kFixedBytes =
      kForm == Form::Compact ? kCompactCounterBytes : kExpandedCounterBytes;
  if (body.size() < kFixedBytes) return tl::unexpected(DecodeError::Truncated);
  ByteReader items{body};
  items.skip(4);  // sequence number of the data source
  const DataSource source = read_source<kForm>(items);
  CounterRecord record;
  record.source_class = source.type;
  record.source_index = source.index;
  const std::uint32_t count = items.u32();
  for (std::uint32_t i = 0; i < count; ++i) {
    const Decoded<Item> item = read_item(items);
    if (!item) {
      if (item.error() != DecodeError::BadCount) return tl::unexpected(item.error());
      outcome.refuse(item.error());
      break;
    }
    if (item->tag == kGenericInterface && !record.has_interface)
      read_generic_interface(item->body, record, outcome);
  }
  return record;
}

}  // namespace

std::size_t Sflow5Decoder::StreamHash::operator()(const StreamKey& key) const noexcept {
  const std::uint64_t source = hash_address(key.source, seed);
  return static_cast<std::size_t>(hash_address(key.agent, source + key.sub_agent));
}

Sflow5Decoder::Sflow5Decoder(const DecoderLimits& limits, EventLog& events)
    : limits_(limits),
      events_(events),
      seed_(std::uint64_t{std::random_device{}()} << 32 | std::random_device{}()),
      streams_(0, StreamHash{seed_}),
      streams_by_source_(0, AddressHash{seed_}) {}

Sflow5Decoder::Stream* Sflow5Decoder::stream_of(const StreamKey& key, DecodeOutcome& outcome) {
  if (const auto found = streams_.find(key); found != streams_.end()) return found->second.get();
  const auto of_source = streams_by_source_.find(key.source);
  const std::uint32_t known = of_source == streams_by_source_.end() ? 0 : of_source->second;
  if (known >= limits_.domains_per_exporter || streams_.size() >= limits_.exporters) {
    outcome.refuse(DecodeError::TooManyDomains);
    return nullptr;
  }
  ++streams_by_source_[key.source];
  return streams_.emplace(key, std::make_unique<Stream>(seed_)).first->second.get();
}

void Sflow5Decoder::flush(const MessageContext& context, RecordSink& sink, DecodeOutcome& outcome) {
  if (batched_ == 0) return;
  outcome.records += static_cast<std::uint32_t>(batched_);
  sink.take(context, std::span<const FlowRecord>{batch_.data(), batched_});
  batched_ = 0;
}

void Sflow5Decoder::note_rates(const SampleSources& sources, std::uint32_t before,
                               const MessageContext& context, DecodeOutcome& outcome) {
  outcome.sampling_changes = sources.rate_changes() - before;
  const SampleSources::RateChange& last = sources.last_rate_change();
  events_.add({.time = context.arrival,
               .kind = EventKind::SamplingChanged,
               .exporter = context.agent,
               .protocol = Protocol::Sflow5,
               .domain = context.domain,
               .about = EventSubject::DataSource,
               .subject = std::uint64_t{last.source_class} << 32 | last.source_index,
               .before = last.before,
               .after = last.after});
}

void Sflow5Decoder::decode(const Datagram& datagram, RecordSink& sink,
                           DecodeOutcome& outcome) noexcept {
  outcome.has_protocol = true;
  outcome.protocol = Protocol::Sflow5;
  outcome.agent = datagram.source;

  fetch_ahead(datagram.payload);

  // "sample_datagram_v5".
  ByteReader reader{datagram.payload};
  reader.skip(4);  // version
  const Decoded<IpAddress> agent = read_address(reader);
  if (!agent) {
    outcome.refuse(agent.error());
    return;
  }
  const std::uint32_t sub_agent = reader.u32();
  const std::uint32_t sequence = reader.u32();
  const std::uint32_t uptime_ms = reader.u32();
  const std::uint32_t count = reader.u32();
  if (!reader.ok()) {
    outcome.refuse(DecodeError::Truncated);
    return;
  }
  // An agent without an address is known by where its datagrams come from.
  if (!agent->is_unspecified()) outcome.agent = *agent;
  outcome.domain = sub_agent;

  const StreamKey key{.source = datagram.source, .agent = outcome.agent, .sub_agent = sub_agent};
  SampleOrigin origin;
  std::uint32_t rate_changes = 0;
  if (Stream* const stream = stream_of(key, outcome)) {
    const SequenceVerdict verdict =
        stream->sequence.observe({.sequence = sequence,
                                  .fingerprint = fingerprint(head_of(datagram.payload)),
                                  .uptime_ms = uptime_ms,
                                  .rule = SequenceRule::Messages});
    if (verdict.duplicate) {
      outcome.duplicates = 1;
      return;
    }
    outcome.lost = verdict.lost;
    outcome.out_of_order = verdict.out_of_order ? 1 : 0;
    outcome.restarts = verdict.restart ? 1 : 0;
    outcome.sequence_unknown = verdict.unplaced ? 1 : 0;
    outcome.units = 1;
    outcome.recovered = stream->sequence.advance(1).recovered;
    if (verdict.restart) stream->sources.forget();
    stream->sources.begin_datagram(verdict.lost);
    origin.sources = &stream->sources;
    rate_changes = stream->sources.rate_changes();
    if (verdict.out_of_order) origin.arrival = SampleNumbers::Arrival::Late;
  }

  MessageContext context;
  context.source = datagram.source;
  context.agent = outcome.agent;
  context.source_port = datagram.source_port;
  context.protocol = Protocol::Sflow5;
  context.domain = sub_agent;
  context.arrival = datagram.arrival;
  context.released = datagram.arrival;
  context.export_time = datagram.arrival;
  context.has_uptime = true;
  context.uptime_ms = uptime_ms;

  for (std::uint32_t i = 0; i < count; ++i) {
    const Decoded<Item> sample = read_item(reader);
    if (!sample) {
      outcome.refuse(sample.error());
      break;
    }
    switch (sample->tag) {
      case kFlowSample:
      case kExpandedFlowSample: {
        FlowRecord& record = batch_[batched_];
        // What lies behind these bytes no sample sets, so it is blank still.
        copy_front<kSampleBytes>(kBlankRecord, record);
        const bool is_kept =
            sample->tag == kFlowSample
                ? read_flow_sample<Form::Compact>(sample->body, origin, record, outcome)
                : read_flow_sample<Form::Expanded>(sample->body, origin, record, outcome);
        if (!is_kept) break;
        if (++batched_ == kBatch) flush(context, sink, outcome);
        break;
      }
      case kCounterSample:
      case kExpandedCounterSample: {
        const Decoded<CounterRecord> record =
            sample->tag == kCounterSample
                ? read_counter_sample<Form::Compact>(sample->body, outcome)
                : read_counter_sample<Form::Expanded>(sample->body, outcome);
        if (!record) {
          outcome.refuse(record.error());
          break;
        }
        ++outcome.counter_samples;
        sink.take(context, *record);
        break;
      }
      default:
        // Samples of vendors and of dropped packets (tag 5) are other packets' business.
        break;
    }
  }
  flush(context, sink, outcome);
  if (origin.sources != nullptr && origin.sources->rate_changes() != rate_changes) [[unlikely]] {
    note_rates(*origin.sources, rate_changes, context, outcome);
  }
}

}  // namespace weir::wire
