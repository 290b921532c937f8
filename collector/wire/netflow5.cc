#include "collector/wire/netflow5.h"

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

#include "collector/wire/byte_reader.h"
#include "collector/wire/fingerprint.h"

namespace weir::wire {
namespace {

/// More would not fit the datagrams of old; a greater count is a broken header.
constexpr std::uint16_t kMostRecords = 30;

/// A layout in terms of the IPFIX elements that mean the same. Element 210 (paddingOctets)
/// stands for what Weir does not read.
[[nodiscard]] TemplatePtr compile_layout(std::uint64_t stamp, std::vector<TemplateField> tail) {
  std::vector<TemplateField> fields{
      {.id = 8, .length = 4},  {.id = 12, .length = 4}, {.id = 15, .length = 4},
      {.id = 10, .length = 2}, {.id = 14, .length = 2}, {.id = 2, .length = 4},
      {.id = 1, .length = 4},  {.id = 22, .length = 4}, {.id = 21, .length = 4},
      {.id = 7, .length = 2},  {.id = 11, .length = 2},
  };
  fields.insert(fields.end(), tail.begin(), tail.end());
  auto compiled =
      compile_template({.protocol = Protocol::Netflow5, .fields = std::move(fields)}, stamp);
  assert(compiled.has_value());
  return std::move(*compiled);
}

/// What the headers of the three versions say.
struct Header {
  Protocol protocol = Protocol::Netflow5;
  std::uint16_t count = 0;
  std::uint32_t uptime_ms = 0;
  TrafficTime export_time;
  std::uint32_t sequence = 0;
  std::uint32_t domain = 0;
  std::uint16_t sampling = 0;
};

[[nodiscard]] Decoded<Header> read_header(ByteReader& reader) noexcept {
  Header header;
  const std::uint16_t version = reader.u16();
  header.protocol = version == 1   ? Protocol::Netflow1
                    : version == 7 ? Protocol::Netflow7
                                   : Protocol::Netflow5;
  header.count = reader.u16();
  header.uptime_ms = reader.u32();
  const std::int64_t seconds = reader.u32();
  const std::int64_t nanoseconds = reader.u32();
  header.export_time = traffic_time_ms(seconds * 1'000 + nanoseconds / 1'000'000);
  if (version == 5) {
    header.sequence = reader.u32();
    header.domain = reader.u16();  // engine type, engine id
    header.sampling = reader.u16();
  } else if (version == 7) {
    header.sequence = reader.u32();
    reader.skip(4);
  }
  if (!reader.ok()) return tl::unexpected(DecodeError::Truncated);
  return header;
}

}  // namespace

Netflow5Decoder::Netflow5Decoder(SessionTable& sessions, DataSetReader& reader)
    : sessions_(sessions),
      reader_(reader),
      // v1: padding, protocol, type of service, flags, padding.
      layout1_(compile_layout(1, {{.id = 210, .length = 2},
                                  {.id = 4, .length = 1},
                                  {.id = 5, .length = 1},
                                  {.id = 6, .length = 1},
                                  {.id = 210, .length = 7}})),
      // v5: padding, flags, protocol, type of service, AS numbers, mask lengths, padding.
      layout5_(compile_layout(2, {{.id = 210, .length = 1},
                                  {.id = 6, .length = 1},
                                  {.id = 4, .length = 1},
                                  {.id = 5, .length = 1},
                                  {.id = 16, .length = 2},
                                  {.id = 17, .length = 2},
                                  {.id = 210, .length = 4}})),
      // v7: as v5, then the router that was bypassed.
      layout7_(compile_layout(3, {{.id = 210, .length = 1},
                                  {.id = 6, .length = 1},
                                  {.id = 4, .length = 1},
                                  {.id = 5, .length = 1},
                                  {.id = 16, .length = 2},
                                  {.id = 17, .length = 2},
                                  {.id = 210, .length = 8}})) {}

void Netflow5Decoder::decode(const Datagram& datagram, RecordSink& sink, DecodeOutcome& outcome) {
  ByteReader reader{datagram.payload};
  const Decoded<Header> header = read_header(reader);
  if (!header) {
    outcome.refuse(header.error());
    return;
  }
  outcome.has_protocol = true;
  outcome.protocol = header->protocol;
  outcome.domain = header->domain;
  if (header->count == 0 || header->count > kMostRecords) {
    outcome.refuse(DecodeError::BadCount);
    return;
  }
  const CompiledTemplate& layout = header->protocol == Protocol::Netflow1   ? *layout1_
                                   : header->protocol == Protocol::Netflow7 ? *layout7_
                                                                            : *layout5_;
  const std::size_t announced = header->count * std::size_t{layout.record_bytes()};
  if (announced != reader.remaining()) {
    outcome.refuse(DecodeError::BadCount);
    // A header of v1 holds nothing else to know it by.
    if (header->protocol == Protocol::Netflow1) return;
  }
  LocalSession* const session = sessions_.find_or_make({.domain = {.address = datagram.source,
                                                                   .protocol = header->protocol,
                                                                   .domain = header->domain},
                                                        .port = datagram.source_port},
                                                       outcome);
  if (session == nullptr) return;

  // v1 counts nothing. The others count flows.
  if (header->protocol != Protocol::Netflow1) {
    const SequenceVerdict verdict =
        session->sequence.observe({.sequence = header->sequence,
                                   .fingerprint = fingerprint(datagram.payload),
                                   .uptime_ms = header->uptime_ms});
    if (!note(verdict, outcome)) return;
    outcome.units = header->count;
    (void)note(session->sequence.advance(header->count), outcome);
  }

  const MessageContext context{.source = datagram.source,
                               .agent = datagram.source,
                               .source_port = datagram.source_port,
                               .protocol = header->protocol,
                               .domain = header->domain,
                               .arrival = datagram.arrival,
                               .released = datagram.arrival,
                               .export_time = header->export_time,
                               .has_export_time = since_epoch_ms(header->export_time) != 0,
                               .has_uptime = true,
                               .uptime_ms = header->uptime_ms};
  // Two bits of mode, 14 bits of interval; an interval of 0 says nothing.
  const auto interval = static_cast<std::uint32_t>(header->sampling & 0x3fffU);
  const std::size_t whole =
      std::min<std::size_t>(header->count, reader.remaining() / layout.record_bytes());
  if (whole == 0) return;
  const DataSet set{.layout = layout,
                    .body = reader.bytes(whole * layout.record_bytes()),
                    .context = context,
                    .header_sampling = {interval, interval == 0 ? SamplingSource::Unknown
                                                                : SamplingSource::Header}};
  (void)reader_.read(set, sink, outcome);
}

}  // namespace weir::wire
