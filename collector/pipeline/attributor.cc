#include "collector/pipeline/attributor.h"

#include <algorithm>
#include <limits>
#include <new>
#include <numeric>
#include <utility>

#include "collector/accounting/biflow.h"
#include "collector/accounting/layer.h"
#include "collector/accounting/plausibility.h"
#include "collector/accounting/scale.h"
#include "collector/core/spread.h"

namespace weir::pipeline {
namespace {

constexpr TrafficSpan kSflowLateness = std::chrono::seconds{10};
/// Active timeout 60 s, inactive 15 s, export delay and clock skew (docs/routers.md).
constexpr TrafficSpan kFlowLateness = std::chrono::seconds{120};

/// How often an exporter's clock is told of; the log itself is slower.
constexpr TrafficSpan kBetweenWords = std::chrono::minutes{1};

/// Adds what is not zero: most counts of a datagram are.
void add(SingleWriterCounter& counter, std::uint64_t amount) noexcept {
  if (amount != 0) counter.add(amount);
}

/// What may come of a datagram, and of the end of a wait.
void add_held(core::ExporterCounters& counters, const wire::DecodeOutcome& outcome) noexcept {
  add(counters.held_bytes, outcome.held_bytes);
  add(counters.rescued_bytes, outcome.rescued_bytes);
  add(counters.given_up_bytes, outcome.given_up_bytes);
  add(counters.unknown_held_records, outcome.unknown_held_records);
  add(counters.unknown_rescued_records, outcome.unknown_rescued_records);
  add(counters.unknown_given_up_records, outcome.unknown_given_up_records);
}

Family family_of(const FlowRecord& record) noexcept {
  if (record.ip_version != 0) return record.ip_version == 6 ? Family::Ipv6 : Family::Ipv4;
  const bool has_v6 = record.has(Has::SourceAddress) && !record.source.is_v4();
  return has_v6 ? Family::Ipv6 : Family::Ipv4;
}

/// A record of these is one packet, whose own length is known.
bool is_flow_sample(Protocol protocol) noexcept {
  return protocol == Protocol::Sflow5 || protocol == Protocol::Packets;
}

/// Records that may stand for two directions, or for something beside their predecessor.
constexpr std::uint32_t kInParts = static_cast<std::uint32_t>(Has::TotalOctets) |
                                   static_cast<std::uint32_t>(Has::TotalPackets) |
                                   static_cast<std::uint32_t>(Has::ReverseOctets) |
                                   static_cast<std::uint32_t>(Has::ReversePackets);

bool has_parts(std::span<const FlowRecord> records) noexcept {
  std::uint32_t present = 0;
  for (const FlowRecord& record : records) present |= record.present;
  return (present & kInParts) != 0;
}

/// What a layer adds to the longest IP packet.
std::uint32_t overhead_of(Layer layer, std::uint32_t tags) noexcept {
  if (layer == Layer::Ip) return 0;
  const auto frame =
      static_cast<std::uint32_t>(accounting::kFrameOverhead + accounting::kTagBytes * tags);
  return layer == Layer::Wire ? frame + static_cast<std::uint32_t>(accounting::kWireOverhead)
                              : frame;
}

}  // namespace

/// What one worker knows of one exporter.
struct Attributor::Exporter {
  Exporter(ExporterId number, const IpAddress& where, const Policy& policy,
           accounting::MeteringPoints& points)
      : id(number),
        address(where),
        sampling(policy.sampling_of(where)),
        clock(policy.clock_skew_limit),
        metering(points) {}

  ExporterId id;
  IpAddress address;
  accounting::SamplingTerms sampling;
  accounting::ExporterClock clock;
  accounting::MeteringPoints& metering;         ///< shared with the other workers
  TrafficTime clock_told = TrafficTime::min();  ///< when it was last said to be off
  std::array<core::ExporterCounters*, kProtocols> counters{};
  /// By ifIndex, as told to the shared table, which bounds them: readings come often and
  /// seldom say something new.
  boost::unordered_flat_map<std::uint32_t, std::uint64_t> speeds;
  core::DomainCounters* last_domain = nullptr;
  Protocol last_domain_protocol = Protocol::Netflow1;
  /// All that this worker counts by themselves, by protocol and number.
  boost::unordered_flat_map<std::uint64_t, core::DomainCounters*> domains;
};

/// One record on its way through a round.
struct Attributor::Pending {
  const FlowRecord* record = nullptr;
  const contracts::InterfaceView* input = nullptr;
  const contracts::InterfaceView* output = nullptr;
  Amount amount;
  accounting::ResolvedTime time;
  Family family = Family::Ipv4;
  accounting::Sides sides;
  bool is_dropped = false;
  bool is_inner = false;  ///< matched by the packet inside the tunnel
  // Found in the second pass: whose it is at its start.
  std::uint32_t from = contracts::kNoSlot;
  std::uint32_t to = contracts::kNoSlot;
};

std::uint64_t Attributor::FateBytes::sum() const noexcept {
  return std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0});
}

void Attributor::FateBytes::add_to(core::ExporterCounters& counters) const noexcept {
  for (std::size_t fate = 0; fate < kFates; ++fate) add(counters.fates[fate], bytes[fate]);
}

contracts::MatchKey Attributor::key_of(const Pending& pending) noexcept {
  const FlowRecord& record = *pending.record;
  return {.source = pending.is_inner ? record.inner_source : record.source,
          .destination = pending.is_inner ? record.inner_destination : record.destination,
          .source_as = record.source_as,
          .destination_as = record.destination_as,
          .input_vlan = record.input_vlan,
          .output_vlan = record.output_vlan,
          .input = pending.input,
          .output = pending.output};
}

inline std::uint32_t Attributor::sender_of(const contracts::ContractTable& table,
                                           const Pending& pending, TrafficTime time) noexcept {
  return table.sender(*pending.input, time, [&] { return key_of(pending); });
}

inline std::uint32_t Attributor::receiver_of(const contracts::ContractTable& table,
                                             const Pending& pending, TrafficTime time) noexcept {
  return table.receiver(*pending.output, time, [&] { return key_of(pending); });
}

Attributor::Attributor(const Parts& parts)
    : parts_(parts),
      policy_(parts.policy),
      clock_skew_limit_(policy_->clock_skew_limit),
      round_(std::make_unique<std::array<Pending, kRound>>()),
      parts_of_round_(std::make_unique<std::array<FlowRecord, kRound>>()) {
  reserve_interfaces();
}

Attributor::~Attributor() = default;

TrafficSpan Attributor::lateness(TrafficTime now) noexcept {
  if (policy_->lateness) return *policy_->lateness;
  began_ = std::min(began_, now);
  // A bucket that was left cannot be opened again, so the longer one holds until it is clear.
  const bool only_samples =
      seen_flow_samples_ && !seen_flow_records_ && now - began_ >= kFlowLateness;
  return only_samples ? kSflowLateness : kFlowLateness;
}

void Attributor::adopt_policy() {
  has_last_source_ = false;
  last_exporter_ = nullptr;
  reserve_interfaces();
  // A policy that is new only for what routers told costs no clock what it has learnt.
  const bool is_limit_new = policy_->clock_skew_limit != clock_skew_limit_;
  clock_skew_limit_ = policy_->clock_skew_limit;
  for (auto& [address, exporter] : exporters_) {
    exporter->sampling = policy_->sampling_of(address);
    if (is_limit_new) exporter->clock = accounting::ExporterClock(clock_skew_limit_);
  }
}

bool Attributor::admit(const IpAddress& source) {
  if (policy_.refresh()) [[unlikely]]
    adopt_policy();
  if (has_last_source_ && source == last_source_) return true;
  // Nothing is remembered of a source that may not send, however many there are.
  if (!policy_->allows(source)) {
    parts_.books.refused_datagrams.add(1);
    return false;
  }
  last_source_ = source;
  has_last_source_ = true;
  return true;
}

bool Attributor::allows(const IpAddress& source) {
  if (policy_.refresh()) adopt_policy();
  return policy_->allows(source);
}

Attributor::Exporter* Attributor::exporter_at(const IpAddress& address) {
  if (const auto found = exporters_.find(address); found != exporters_.end())
    return found->second.get();
  const auto id = parts_.exporters.intern(address);
  if (!id) return nullptr;
  auto exporter = std::make_unique<Exporter>(*id, address, *policy_, parts_.metering.of(*id));
  return exporters_.emplace(address, std::move(exporter)).first->second.get();
}

Attributor::Exporter* Attributor::exporter_of(const IpAddress& source, const IpAddress& agent) {
  if (last_exporter_ != nullptr && source == last_exporter_source_ && agent == last_exporter_agent_)
    return last_exporter_;
  last_exporter_ = exporter_at(policy_->exporter_address(source, agent));
  last_exporter_source_ = source;
  last_exporter_agent_ = agent;
  return last_exporter_;
}

core::ExporterCounters& Attributor::counters_of(Exporter& exporter, Protocol protocol) {
  auto& counters = exporter.counters[static_cast<std::size_t>(protocol)];
  if (counters == nullptr) counters = &parts_.books.of(exporter.id, protocol);
  return *counters;
}

void Attributor::take(const MessageContext& context, std::span<const FlowRecord> records) {
  Exporter* exporter = exporter_of(context.source, context.agent);
  // Beyond kMaxExporters: settle() counts the datagram as refused.
  if (exporter == nullptr) return;
  (is_flow_sample(context.protocol) ? seen_flow_samples_ : seen_flow_records_) = true;
  exporter->clock.observe(context);
  while (!records.empty()) {
    const auto round = records.first(std::min(records.size(), kRound));
    if (has_parts(round)) [[unlikely]]
      account_in_parts(context, *exporter, round);
    else
      account(context, *exporter, round);
    records = records.subspan(round.size());
  }
}

void Attributor::take(const MessageContext& context, const CounterRecord& record) {
  if (!record.has_interface) return;
  Exporter* exporter = exporter_of(context.source, context.agent);
  if (exporter == nullptr) return;
  if (parts_.readings != nullptr) {
    const auto& view = policy_->table->interface(exporter->id, record.interface);
    const std::uint32_t number = view.number == contracts::kNoInterface
                                     ? contracts::kNoInterface
                                     : policy_->interface_numbers[view.number];
    // sFlow dates no counter sample: its arrival is the nearest that is known.
    if (number != contracts::kNoInterface)
      parts_.readings->take(
          exporter->id, number,
          {.time = context.arrival,
           .speed = BitsPerSecond{record.speed},
           .ingress = {.octets = record.in_octets, .discards = record.in_discards},
           .egress = {.octets = record.out_octets, .discards = record.out_discards}});
  }
  if (parts_.learned != nullptr && record.speed != 0) learn_speed(context, *exporter, record);
}

void Attributor::learn_speed(const MessageContext& context, Exporter& exporter,
                             const CounterRecord& record) {
  if (const auto known = exporter.speeds.find(record.interface);
      known != exporter.speeds.end() && known->second == record.speed)
    return;
  const auto taught = parts_.learned->learn_speed(exporter.address, record.interface, record.speed);
  if (taught == wire::InterfaceTable::Taught::Refused) {
    counters_of(exporter, context.protocol)
        .malformed[static_cast<std::size_t>(DecodeError::TooManyInterfaces)]
        .add(1);
    return;
  }
  exporter.speeds[record.interface] = record.speed;
}

void Attributor::reserve_interfaces() {
  for (const std::uint32_t number : policy_->interface_numbers)
    if (number != contracts::kNoInterface) parts_.interfaces.reserve(number);
}

void Attributor::account_in_parts(const MessageContext& context, Exporter& exporter,
                                  std::span<const FlowRecord> records) {
  const std::span<FlowRecord> parts{*parts_of_round_};
  std::size_t count = 0;
  for (const FlowRecord& record : records) {
    if (count + 2 > parts.size()) {
      account(context, exporter, parts.first(count));
      count = 0;
    }
    parts[count++] = since_last_total(context, exporter, record);
    if (accounting::has_reverse(record))
      parts[count++] = since_last_total(context, exporter, accounting::reversed(record));
  }
  account(context, exporter, parts.first(count));
}

FlowRecord Attributor::since_last_total(const MessageContext& context, const Exporter& exporter,
                                        const FlowRecord& record) {
  if (!accounting::needs_last_totals(record)) return record;
  const std::uint64_t forgotten = totals_.forgotten();
  FlowRecord amended = totals_.since_last({.exporter = exporter.id, .domain = context.domain},
                                          record, exporter.clock.resolve(context, record));
  if (totals_.forgotten() != forgotten)
    parts_.books.forgotten_totals.add(totals_.forgotten() - forgotten);
  return amended;
}

void Attributor::account(const MessageContext& context, Exporter& exporter,
                         std::span<const FlowRecord> records) {
  const Policy& policy = *policy_;
  const contracts::ContractTable& table = *policy.table;
  core::ExporterCounters& counters = counters_of(exporter, context.protocol);
  if (table.has_prefixes()) {
    for (const FlowRecord& record : records) table.prefetch(record.source, record.destination);
  }
  exporter.metering.learn(records);
  const contracts::ExporterInterfaces interfaces = table.interfaces_of(exporter.id);

  const accounting::MessageClock clock = exporter.clock.of(context);

  FateBytes fates;
  Pending* const round = round_->data();  // of kRound, as many as records at most
  std::uint64_t reported = 0;
  std::uint64_t clamped = 0;
  std::size_t count = 0;
  SamplingInterval sampling = kUnknownSampling;
  SamplingSource sampling_source = SamplingSource::Unknown;
  SamplingInterval smallest{std::numeric_limits<SamplingInterval::rep>::max()};
  SamplingInterval largest = kUnknownSampling;
  for (const FlowRecord& record : records) {
    const auto& input =
        record.has(Has::Input) ? interfaces.find(record.input) : contracts::kNoInterfaceView;
    const auto& output =
        record.has(Has::Output) ? interfaces.find(record.output) : contracts::kNoInterfaceView;
    // The frames are those of the interface that metered them.
    const bool is_tagged =
        record.metered == MeteredDirection::Egress ? output.tagged : input.tagged;
    const std::uint32_t tags = record.proven_tags != 0 ? record.proven_tags : (is_tagged ? 1U : 0U);
    const std::uint64_t bytes = accounting::layer_bytes(record, policy.layer, tags);
    const SamplingInterval interval = accounting::resolve_sampling(record, exporter.sampling);
    if (interval == kUnknownSampling) [[unlikely]] {
      fates.of(Fate::Unscaled) += bytes;
      continue;
    }
    sampling = interval;
    smallest = std::min(smallest, interval);
    largest = std::max(largest, interval);
    sampling_source = record.sampling_source;
    const auto amount = accounting::scale(
        {.bytes = bytes,
         .packets = record.packets,
         .is_single_packet = is_flow_sample(context.protocol),
         .largest_packet_bytes = policy.largest_packet_bytes + overhead_of(policy.layer, tags)},
        interval);
    if (!amount) [[unlikely]] {
      fates.of(Fate::Implausible) += bytes;
      continue;
    }
    // Made in place: what was just written in parts must not be read back in one piece.
    const Pending& pending =
        *::new (&round[count]) Pending{.record = &record,
                                       .input = &input,
                                       .output = &output,
                                       .amount = {.bytes = amount->bytes,
                                                  .packets = amount->packets,
                                                  .variance = amount->variance},
                                       .time = clock.resolve(record),
                                       .family = family_of(record),
                                       .sides = exporter.metering.sides_of(record),
                                       .is_dropped = !has_left_router(record.forwarding)};
    if (amount->bytes > accounting::kAlwaysPlausibleBytes && !is_carriable(pending)) [[unlikely]] {
      fates.of(Fate::Implausible) += bytes;
      continue;
    }
    reported += amount->bytes;
    clamped += pending.time.is_clamped ? 1 : 0;
    ++count;
  }
  counters.reported_bytes.add(reported + fates.sum());
  fates.add_to(counters);
  if (clamped != 0) counters.clamped_times.add(clamped);
  if (sampling != kUnknownSampling) {
    counters.sampling_interval.set(sampling.value());
    counters.sampling_source.set(static_cast<std::uint64_t>(sampling_source));
    counters.reception.note_sampling(context.released,
                                     {.smallest = smallest.value(), .largest = largest.value()});
  }
  attribute(exporter.id, counters, count);
}

inline void Attributor::count_interfaces(const std::uint32_t* lasting_numbers,
                                         const Pending& pending) noexcept {
  const auto lasting = [lasting_numbers](const contracts::InterfaceView& view) {
    return view.number == contracts::kNoInterface ? contracts::kNoInterface
                                                  : lasting_numbers[view.number];
  };
  if (pending.sides.from) {
    if (const auto number = lasting(*pending.input); number != contracts::kNoInterface)
      parts_.interfaces.add_total(number, InterfaceSide::Ingress, pending.amount.bytes);
  }
  if (pending.sides.to) {
    if (const auto number = lasting(*pending.output); number != contracts::kNoInterface)
      parts_.interfaces.add_total(number, InterfaceSide::Egress, pending.amount.bytes);
  }
}

void Attributor::count_intervals(std::span<const Pending> round, const TimeRange& whole) noexcept {
  const std::uint32_t* const lasting_numbers = policy_->interface_numbers.data();
  // Rounds that lie in one interval, nearly all, need no question for each record.
  const std::int64_t common = InterfaceCounters::interval_of(whole);
  for (const Pending& pending : round) {
    const TimeRange& range = pending.time.range;
    const std::int64_t interval =
        common != InterfaceCounters::kSeveral ? common : InterfaceCounters::interval_of(range);
    const auto add = [&](const contracts::InterfaceView& view, InterfaceSide side) {
      if (view.number == contracts::kNoInterface) return;
      const std::uint32_t number = lasting_numbers[view.number];
      if (number != contracts::kNoInterface)
        parts_.interfaces.add(number, side, pending.amount, range, interval);
    };
    if (pending.sides.from) add(*pending.input, InterfaceSide::Ingress);
    if (pending.sides.to) add(*pending.output, InterfaceSide::Egress);
  }
}

std::uint64_t Attributor::long_flows_of(std::span<const Pending> round) const noexcept {
  const TrafficSpan longest = policy_->longest_flow;
  return static_cast<std::uint64_t>(
      std::count_if(round.begin(), round.end(), [longest](const Pending& pending) {
        return pending.time.range.end - pending.time.range.start > longest;
      }));
}

std::uint32_t Attributor::owner_of_destination(const Pending& pending) const noexcept {
  // Not by the output interface, which leads on through the backbone.
  return policy_->table->receiver({.destination = pending.record->destination,
                                   .destination_as = pending.record->destination_as},
                                  pending.time.range.start);
}

void Attributor::count_pops(PopPlace own, std::span<const Pending> round) noexcept {
  PopCounters::Row& row = parts_.pops->from(own);
  const std::span<const PopPlace> contract_pops = policy_->contract_pops;
  for (const Pending& pending : round) {
    // Each byte once, where it enters: not from inside, and not by the twin of another record.
    // Which of the cases a record is cannot be foretold, so that little is branched on.
    const bool counts =
        contracts::is_edge_role(pending.input->role) & pending.sides.from & !pending.is_dropped;
    const bool goes_on = !contracts::is_edge_role(pending.output->role);
    const bool is_asked = counts & goes_on & (pending.to == contracts::kNoSlot);
    const std::uint32_t slot = is_asked ? owner_of_destination(pending) : pending.to;
    const PopPlace far = slot < contract_pops.size() ? contract_pops[slot] : kUnknownPop;
    const PopPlace egress = goes_on ? far : own;
    row[egress].add(counts ? pending.amount.bytes : 0);
  }
}

void Attributor::attribute(ExporterId exporter, core::ExporterCounters& counters,
                           std::size_t count) {
  if (count == 0) return;
  const contracts::ContractTable& table = *policy_->table;
  const std::uint32_t* const lasting_numbers = policy_->interface_numbers.data();
  const std::span<Pending> round{round_->data(), count};
  TrafficTime first = TrafficTime::max();
  TrafficTime last = TrafficTime::min();
  for (Pending& pending : round) {
    const TimeRange& range = pending.time.range;
    // Not read back from where they are written: two halves that were just stored must not be
    // loaded in one piece.
    const std::uint32_t from =
        pending.sides.from ? sender_of(table, pending, range.start) : contracts::kNoSlot;
    const std::uint32_t to =
        pending.sides.to ? receiver_of(table, pending, range.start) : contracts::kNoSlot;
    pending.from = from;
    pending.to = to;
    parts_.cells.prefetch(from, to, pending.family, range.start);
    if (pending.record->has(Has::InnerAddresses) && from == contracts::kNoSlot &&
        to == contracts::kNoSlot) [[unlikely]]
      match_inner(table, pending);
    first = std::min(first, range.start);
    last = std::max(last, range.end);
  }
  // No flow is longer than the time from the first start to the last end.
  if (last - first > policy_->longest_flow) [[unlikely]]
    add(counters.long_flows, long_flows_of(round));
  // Contracts seldom begin or end: one question settles it for the round.
  const bool none_changes = table.next_change_after(first) >= last;

  FateBytes fates;
  for (const Pending& pending : round) {
    const TimeRange& range = pending.time.range;
    count_interfaces(lasting_numbers, pending);
    if (!none_changes && table.next_change_after(range.start) < range.end)
      add_split_by_validity(pending, fates);
    else
      add_part(pending, {pending.from, pending.to}, pending.amount, range, fates);
  }
  fates.add_to(counters);
  if (fates.unknown_interface != 0) counters.unknown_interface_bytes.add(fates.unknown_interface);
  if (parts_.readings != nullptr && parts_.readings->has(exporter))
    count_intervals(round, {first, last});
  // An exporter that is not configured has no roles, so that nothing enters there.
  if (exporter.value() < policy_->router_pops.size() && parts_.pops != nullptr)
    count_pops(policy_->router_pops[exporter.value()], round);
}

void Attributor::match_inner(const contracts::ContractTable& table, Pending& pending) noexcept {
  const FlowRecord& record = *pending.record;
  if (record.inner_source.is_unspecified() && record.inner_destination.is_unspecified()) return;
  const TrafficTime time = pending.time.range.start;
  // A side that may not count has a twin that does, for the outer packet.
  if (!pending.sides.from && sender_of(table, pending, time) != contracts::kNoSlot) return;
  if (!pending.sides.to && receiver_of(table, pending, time) != contracts::kNoSlot) return;
  pending.is_inner = true;
  if (pending.sides.from) pending.from = sender_of(table, pending, time);
  if (pending.sides.to) pending.to = receiver_of(table, pending, time);
  // The rest of the record, where contracts change inside it, is asked for alike.
  pending.is_inner = pending.from != contracts::kNoSlot || pending.to != contracts::kNoSlot;
}

inline void Attributor::add_part(const Pending& pending, Slots slots, const Amount& amount,
                                 const TimeRange& range, FateBytes& fates) noexcept {
  if (slots.from == contracts::kNoSlot && slots.to == contracts::kNoSlot) {
    fates.of(fate_of(pending, range.start)) += amount.bytes;
    if (pending.input->number == contracts::kNoInterface &&
        pending.output->number == contracts::kNoInterface)
      fates.unknown_interface += amount.bytes;
    return;
  }
  const auto refused = parts_.cells.add(slots.from, slots.to, pending.family, amount, range);
  fates.of(Fate::Late) += refused.late_bytes;
  fates.of(Fate::Overrun) += refused.overrun_bytes;
  fates.of(Fate::Attributed) += amount.bytes - refused.late_bytes - refused.overrun_bytes;
}

bool Attributor::is_carriable(const Pending& pending) const noexcept {
  const auto speed_of = [this](const contracts::InterfaceView& view) {
    return view.number == contracts::kNoInterface
               ? BitsPerSecond{}
               : policy_->table->tracked_interfaces()[view.number].terms.speed;
  };
  const TimeRange& range = pending.time.range;
  return accounting::is_plausible(pending.amount.bytes, range, speed_of(*pending.input)) &&
         accounting::is_plausible(pending.amount.bytes, range, speed_of(*pending.output));
}

Fate Attributor::fate_of(const Pending& pending, TrafficTime time) const noexcept {
  const contracts::ContractTable& table = *policy_->table;
  if (pending.is_dropped) return Fate::Discarded;
  // The other record of the same packets, metered at the other end, stands for them.
  const bool is_twin =
      !pending.sides.from ||
      (!pending.sides.to && receiver_of(table, pending, time) != contracts::kNoSlot);
  return is_twin ? Fate::Duplicate
                 : contracts::ContractTable::fate_of_unmatched(*pending.input, *pending.output);
}

void Attributor::add_split_by_validity(const Pending& pending, FateBytes& fates) noexcept {
  const contracts::ContractTable& table = *policy_->table;
  Amount rest = pending.amount;
  TimeRange range = pending.time.range;
  Slots slots{pending.from, pending.to};
  while (true) {
    const TrafficTime change = table.next_change_after(range.start);
    if (change >= range.end) break;
    const Amount part = core::share_until(rest, range, change);
    add_part(pending, slots, part, {range.start, change}, fates);
    rest = {rest.bytes - part.bytes, rest.packets - part.packets, rest.variance - part.variance};
    range.start = change;
    if (pending.sides.from) slots.from = sender_of(table, pending, change);
    if (pending.sides.to) slots.to = receiver_of(table, pending, change);
  }
  add_part(pending, slots, rest, range, fates);
}

core::DomainCounters* Attributor::domain_of(Exporter& exporter, core::ExporterCounters& counters,
                                            const wire::DecodeOutcome& outcome) {
  if (exporter.last_domain != nullptr && exporter.last_domain->domain == outcome.domain &&
      exporter.last_domain_protocol == outcome.protocol)
    return exporter.last_domain;
  const std::uint64_t key = std::uint64_t{static_cast<std::uint8_t>(outcome.protocol)} << 32 |
                            std::uint64_t{outcome.domain};
  auto found = exporter.domains.find(key);
  if (found == exporter.domains.end()) {
    // The map knows all that there are, so that domains beyond the bound cost no search.
    if (counters.domain_count >= core::kMaxCountedDomains) return nullptr;
    found = exporter.domains.emplace(key, parts_.books.domain_of(counters, outcome.domain)).first;
  }
  exporter.last_domain = found->second;
  exporter.last_domain_protocol = outcome.protocol;
  return exporter.last_domain;
}

void Attributor::settle(const Datagram& datagram, const wire::DecodeOutcome& outcome) {
  if (!outcome.has_protocol) {
    parts_.books.unreadable_datagrams.add(1);
    return;
  }
  Exporter* exporter = exporter_of(datagram.source, outcome.agent);
  if (exporter == nullptr) {
    parts_.books.refused_datagrams.add(1);
    parts_.books.refused_sources.note(datagram.source, datagram.arrival);
    return;
  }
  core::ExporterCounters& counters = counters_of(*exporter, outcome.protocol);
  const auto arrival_ms = static_cast<std::uint64_t>(since_epoch_ms(datagram.arrival));
  counters.datagrams.add(1);
  counters.last_seen_ms.set(arrival_ms);
  if (counters.first_seen_ms.read() == 0) counters.first_seen_ms.set(arrival_ms);
  counters.clock_skew_ms.store(exporter->clock.skew().count(), std::memory_order_relaxed);
  counters.records.add(outcome.records);
  add(counters.counter_samples, outcome.counter_samples);
  add(counters.options_records, outcome.options_records);
  add(counters.expired_templates, outcome.expired_templates);
  if (const std::uint32_t templates = outcome.templates + outcome.options_templates;
      templates != 0) {
    counters.templates.add(templates);
    add(counters.new_templates, outcome.new_templates + outcome.new_options_templates);
    const std::uint64_t before_ms = counters.last_template_ms.read();
    if (before_ms != 0 && arrival_ms > before_ms + counters.template_gap_ms.read())
      counters.template_gap_ms.set(arrival_ms - before_ms);
    counters.last_template_ms.set(arrival_ms);
  }
  add(counters.sets_without_template, outcome.sets_without_template);
  add_held(counters, outcome);
  add(counters.sampling_changes, outcome.sampling_changes);
  add(counters.units, outcome.units);
  add(counters.lost, outcome.lost);
  add(counters.recovered, outcome.recovered);
  add(counters.sequence_unknown, outcome.sequence_unknown);
  add(counters.out_of_order, outcome.out_of_order);
  add(counters.duplicates, outcome.duplicates);
  add(counters.restarts, outcome.restarts);
  if (exporter->clock.is_rebased()) [[unlikely]]
    tell_of_clock(*exporter, datagram, outcome);
  counters.reception.add(datagram.arrival, {.datagrams = 1,
                                            .units = outcome.units,
                                            .lost = outcome.lost,
                                            .recovered = outcome.recovered,
                                            .sequence_unknown = outcome.sequence_unknown});
  if (core::DomainCounters* const domain = domain_of(*exporter, counters, outcome)) {
    domain->datagrams.add(1);
    domain->last_seen_ms.set(arrival_ms);
    domain->records.add(outcome.records);
    domain->units.add(outcome.units);
    add(domain->lost, outcome.lost);
    add(domain->recovered, outcome.recovered);
    add(domain->sequence_unknown, outcome.sequence_unknown);
    add(domain->out_of_order, outcome.out_of_order);
    add(domain->duplicates, outcome.duplicates);
    add(domain->restarts, outcome.restarts);
  } else {
    counters.uncounted_domain_datagrams.add(1);
  }
  if (outcome.malformed_total == 0) return;
  for (std::size_t reason = 0; reason < kDecodeErrors; ++reason)
    add(counters.malformed[reason], outcome.malformed[reason]);
}

void Attributor::settle_held(const wire::DecodeOutcome& outcome) {
  Exporter* exporter = exporter_of(outcome.agent, outcome.agent);
  if (exporter == nullptr) return;
  core::ExporterCounters& counters = counters_of(*exporter, outcome.protocol);
  counters.records.add(outcome.records);
  add_held(counters, outcome);
}

bool Attributor::takes_unknown_sampling(const MessageContext& context) {
  const Exporter* const exporter = exporter_of(context.source, context.agent);
  return exporter == nullptr || exporter->sampling != accounting::SamplingTerms{};
}

void Attributor::tell_of_clock(Exporter& exporter, const Datagram& datagram,
                               const wire::DecodeOutcome& outcome) {
  const TrafficTime now = datagram.arrival;
  const bool is_told = exporter.clock_told != TrafficTime::min() && now >= exporter.clock_told &&
                       now - exporter.clock_told < kBetweenWords;
  if (parts_.events == nullptr || is_told) return;
  exporter.clock_told = now;
  parts_.events->add({.time = now,
                      .kind = EventKind::ClockOff,
                      .exporter = exporter.address,
                      .protocol = outcome.protocol,
                      .domain = outcome.domain,
                      .before = static_cast<std::uint64_t>(policy_->clock_skew_limit.count()),
                      .after = static_cast<std::uint64_t>(exporter.clock.skew().count())});
}

}  // namespace weir::pipeline
