#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include <boost/unordered/unordered_flat_map.hpp>

#include "collector/accounting/exporter_clock.h"
#include "collector/accounting/metering_registry.h"
#include "collector/accounting/running_totals.h"
#include "collector/core/books.h"
#include "collector/core/worker_cells.h"
#include "collector/model/datagram.h"
#include "collector/model/event_log.h"
#include "collector/model/published.h"
#include "collector/model/record_sink.h"
#include "collector/pipeline/interface_counters.h"
#include "collector/pipeline/interface_readings.h"
#include "collector/pipeline/policy.h"
#include "collector/pipeline/pop_matrix.h"
#include "collector/wire/decode_outcome.h"
#include "collector/wire/interface_table.h"

namespace weir::pipeline {

/// Most records an Attributor takes in one round; more come in several rounds.
inline constexpr std::size_t kRound = 64;

/// Takes one worker's records from "as reported" to "counted": scales them, puts them at the
/// layer and on our clock, asks whose they are, adds them to the cells, and enters every
/// byte in the books.
///
/// Works in rounds of up to kRound records, in passes over all of a round, so that the
/// memory that look-ups and cells need is on its way while other records are worked on.
///
/// Threads: the worker's own. Owns what it has learnt of each exporter; cells, books and
/// interface counters outlive it.
class Attributor final : public RecordSink {
 public:
  struct Parts {
    core::WorkerCells& cells;
    core::WorkerBooks& books;
    InterfaceCounters& interfaces;
    core::ExporterRegistry& exporters;
    accounting::MeteringRegistry& metering;  ///< of all workers
    const Published<Policy>& policy;
    PopCounters* pops = nullptr;              ///< null: nothing is counted between POPs
    EventLog* events = nullptr;               ///< null: nobody wants to hear
    wire::InterfaceTable* learned = nullptr;  ///< takes the speeds that sFlow tells, if any
    InterfaceReadings* readings = nullptr;    ///< takes counters of tracked interfaces, if any
  };

  explicit Attributor(const Parts& parts);
  ~Attributor();
  Attributor(const Attributor&) = delete;
  Attributor& operator=(const Attributor&) = delete;

  /// False: the source is not allowed, or there are too many; the datagram is counted as
  /// refused and leaves no other trace. Takes up a new policy first, if there is one.
  [[nodiscard]] bool admit(const IpAddress& source);

  /// Whether the policy in force lets `source` send; counts nothing.
  [[nodiscard]] bool allows(const IpAddress& source);

  void take(const MessageContext& context, std::span<const FlowRecord> records) override;
  void take(const MessageContext& context, const CounterRecord& record) override;

  /// False unless the operator has said how the exporter samples.
  [[nodiscard]] bool takes_unknown_sampling(const MessageContext& context) override;

  /// Enters what became of a datagram that admit() let in.
  void settle(const Datagram& datagram, const wire::DecodeOutcome& outcome);
  /// Enters what became of what a decoder held to the end (Decoder::flush()).
  void settle_held(const wire::DecodeOutcome& outcome);

  /// The lateness in force at `now`: the policy's; else that of flow records, or the shorter one
  /// of flow samples once nothing else has come for so long since the first call that
  /// no flow record from before then can be under way.
  [[nodiscard]] TrafficSpan lateness(TrafficTime now) noexcept;

 private:
  struct Exporter;
  struct Pending;
  /// The contracts that count a record, or kNoSlot.
  struct Slots {
    std::uint32_t from;
    std::uint32_t to;
  };
  /// What a round adds to the books of its exporter.
  struct FateBytes {
    std::array<std::uint64_t, kFates> bytes{};
    std::uint64_t unknown_interface = 0;  ///< of all, beside

    [[nodiscard]] std::uint64_t& of(Fate fate) noexcept {
      return bytes[static_cast<std::size_t>(fate)];
    }
    [[nodiscard]] std::uint64_t sum() const noexcept;
    void add_to(core::ExporterCounters& counters) const noexcept;
  };
  using Exporters =
      boost::unordered_flat_map<IpAddress, std::unique_ptr<Exporter>, std::hash<IpAddress>>;

  void adopt_policy();
  [[nodiscard]] Exporter* exporter_at(const IpAddress& address);
  [[nodiscard]] Exporter* exporter_of(const IpAddress& source, const IpAddress& agent);
  [[nodiscard]] core::ExporterCounters& counters_of(Exporter& exporter, Protocol protocol);
  [[nodiscard]] core::DomainCounters* domain_of(Exporter& exporter,
                                                core::ExporterCounters& counters,
                                                const wire::DecodeOutcome& outcome);
  void account(const MessageContext& context, Exporter& exporter,
               std::span<const FlowRecord> records);
  /// Accounts for a round in which some record stands for more or other than it says: two
  /// directions, or running totals.
  void account_in_parts(const MessageContext& context, Exporter& exporter,
                        std::span<const FlowRecord> records);
  [[nodiscard]] FlowRecord since_last_total(const MessageContext& context, const Exporter& exporter,
                                            const FlowRecord& record);
  /// `lasting_numbers`: of each tracked interface of the table.
  void count_interfaces(const std::uint32_t* lasting_numbers, const Pending& pending) noexcept;
  /// By ledger interval, to be compared with counters. `whole` holds all of the round.
  [[gnu::noinline]] void count_intervals(std::span<const Pending> round,
                                         const TimeRange& whole) noexcept;
  void learn_speed(const MessageContext& context, Exporter& exporter, const CounterRecord& record);
  void reserve_interfaces();
  void attribute(ExporterId exporter, core::ExporterCounters& counters, std::size_t count);
  /// How many are longer than any flow should be.
  [[nodiscard, gnu::noinline]] std::uint64_t long_flows_of(
      std::span<const Pending> round) const noexcept;
  /// `own` is where the exporter is.
  void count_pops(PopPlace own, std::span<const Pending> round) noexcept;
  /// The contract that has the destination by prefix or AS, or kNoSlot.
  [[nodiscard]] std::uint32_t owner_of_destination(const Pending& pending) const noexcept;
  [[nodiscard]] static contracts::MatchKey key_of(const Pending& pending) noexcept;
  /// Whose a record is as its sender, and as its receiver.
  [[nodiscard]] static std::uint32_t sender_of(const contracts::ContractTable& table,
                                               const Pending& pending, TrafficTime time) noexcept;
  [[nodiscard]] static std::uint32_t receiver_of(const contracts::ContractTable& table,
                                                 const Pending& pending, TrafficTime time) noexcept;
  /// Asks for the packet inside the tunnel, where the outer one is nobody's.
  static void match_inner(const contracts::ContractTable& table, Pending& pending) noexcept;
  [[gnu::always_inline]] void add_part(const Pending& pending, Slots slots, const Amount& amount,
                                       const TimeRange& range, FateBytes& fates) noexcept;
  void add_split_by_validity(const Pending& pending, FateBytes& fates) noexcept;
  [[nodiscard]] bool is_carriable(const Pending& pending) const noexcept;
  void tell_of_clock(Exporter& exporter, const Datagram& datagram,
                     const wire::DecodeOutcome& outcome);
  [[nodiscard]] Fate fate_of(const Pending& pending, TrafficTime time) const noexcept;

  Parts parts_;
  Published<Policy>::Reader policy_;
  TrafficSpan clock_skew_limit_;  ///< of the exporters' clocks
  Exporters exporters_;
  IpAddress last_source_;  ///< admit() of a run of datagrams from one source is one compare
  bool has_last_source_ = false;
  Exporter* last_exporter_ = nullptr;
  IpAddress last_exporter_source_;
  IpAddress last_exporter_agent_;
  bool seen_flow_records_ = false;
  bool seen_flow_samples_ = false;
  TrafficTime began_ = TrafficTime::max();  ///< first call of lateness()
  std::unique_ptr<std::array<Pending, kRound>> round_;
  accounting::RunningTotals totals_;
  std::unique_ptr<std::array<FlowRecord, kRound>> parts_of_round_;
};

}  // namespace weir::pipeline
