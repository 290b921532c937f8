#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "collector/model/flow_record.h"
#include "collector/model/record_sink.h"
#include "collector/wire/compiled_template.h"
#include "collector/wire/decode_outcome.h"
#include "collector/wire/sampler_table.h"

namespace weir::wire {

/// What becomes of records whose sampling interval is unknown.
enum class UnknownSampling : std::uint8_t {
  HandOn,    ///< to the sink like all others
  SetAside,  ///< kept back, unless the sink takes them
};

/// One data set with all that is needed to read it.
struct DataSet {
  const CompiledTemplate& layout;
  std::span<const std::byte> body;
  const MessageContext& context;
  const SamplerTable* samplers = nullptr;  ///< null: options data have told nothing
  ResolvedSampling header_sampling;        ///< NetFlow v5; interval 0: the header says nothing
  std::uint16_t template_id = 0;
  UnknownSampling unknown = UnknownSampling::HandOn;
  std::uint32_t allowance = 8'192;  ///< records that its datagram may still hold
};

/// Records of one set whose sampling interval is unknown.
struct SetAside {
  std::span<const std::byte> bytes;  ///< a set body of the same layout; until the next read()
  std::uint32_t records = 0;
  FlowRecord first;  ///< of them; its sampler id and interfaces say what is missing
};

/// Turns data sets into FlowRecords and hands them on, up to 64 at a time.
///
/// The sets of a message mostly take turns between two templates, one for each IP version. Each
/// has a batch in which its constant fields stay in place, so that only what the wire brings
/// is written.
///
/// Threads: one. Owns the batches; what a sink sees lives for the call.
class DataSetReader {
 public:
  /// Most records taken from one datagram. A full-sized datagram of 8-byte records holds
  /// fewer; more is an attack on what comes behind.
  static constexpr std::uint32_t kRecordsPerDatagram = 8'192;

  /// Hands on all records of `set` and counts them; those of unknown sampling may be set aside
  /// instead. False if the set was malformed, counted, so that its message ends; records
  /// before the fault stand.
  [[nodiscard]] bool read(const DataSet& set, RecordSink& sink, DecodeOutcome& outcome);

  /// What the last read() kept back.
  [[nodiscard]] SetAside set_aside() const noexcept {
    return {.bytes = kept_bytes_, .records = kept_records_, .first = first_kept_};
  }

 private:
  static constexpr std::size_t kBatch = 64;

  [[nodiscard]] bool read_fixed(const DataSet& set, RecordSink& sink, DecodeOutcome& outcome);
  [[nodiscard]] bool read_variable(const DataSet& set, RecordSink& sink, DecodeOutcome& outcome);
  void keep(const FlowRecord& record, std::span<const std::byte> wire);
  /// Moves the records that are known to the front; sets the others aside. Gives the known.
  [[nodiscard]] std::size_t keep_unknown(const DataSet& set, const std::byte* wire,
                                         std::span<FlowRecord> records);
  /// Records of one template.
  struct Batch {
    std::array<FlowRecord, kBatch> records;
    std::uint64_t stamp = 0;  ///< template whose constants stand in them; 0 none
    std::size_t laid = 0;     ///< in how many of them
    ResolvedSampling sampling;
    bool has_own_sampling = false;  ///< their intervals are not `sampling`, but each record's own
  };

  /// The first `count` places of a batch, holding the constants of `layout`.
  [[nodiscard]] std::span<FlowRecord> lay(const CompiledTemplate& layout, ResolvedSampling sampling,
                                          std::size_t count) noexcept;

  std::array<Batch, 2> batches_;
  std::size_t last_ = 0;               ///< batch used last
  std::vector<std::byte> kept_bytes_;  ///< keeps its memory
  std::uint32_t kept_records_ = 0;
  FlowRecord first_kept_;  ///< read only if there are some
};

}  // namespace weir::wire
