#include "collector/wire/data_set.h"

#include <algorithm>

namespace weir::wire {
namespace {

/// Sampling that each record decides for itself: by its fields, its sampler id, or its
/// input interface.
[[nodiscard]] bool is_sampled_by_record(const DataSet& set) noexcept {
  if (set.layout.has_interval_fields()) return true;
  if (set.samplers == nullptr) return false;
  const FlowRecord& constants = set.layout.prototype();
  return constants.has(Has::SamplerId) ||
         (set.samplers->has_interfaces() && constants.has(Has::Input));
}

/// Sampling of all records of a set alike.
[[nodiscard]] ResolvedSampling common_sampling(const DataSet& set) noexcept {
  if (set.header_sampling.interval != 0) return set.header_sampling;
  if (set.samplers == nullptr || is_sampled_by_record(set)) return {};
  return set.samplers->without_id();
}

/// `announced` is what the record's own fields say, 0 when they say nothing.
void resolve(const DataSet& set, std::uint32_t announced, FlowRecord& record) noexcept {
  ResolvedSampling sampling{announced, SamplingSource::Record};
  if (sampling.interval == 0) {
    sampling = {};
    if (set.samplers != nullptr) {
      sampling = record.has(Has::SamplerId) ? set.samplers->by_sampler(record.sampler_id)
                                            : set.samplers->by_input(record.input);
    }
  }
  record.sampling_interval = sampling.interval;
  record.sampling_source = sampling.source;
}

/// What is left behind the last record is padding (RFC 7011, 3.3.1): whatever up to three
/// bytes hold, and zeros beyond.
void check_padding(std::span<const std::byte> rest, DecodeOutcome& outcome) noexcept {
  const bool is_zero = std::ranges::all_of(rest, [](std::byte b) { return b == std::byte{0}; });
  if (rest.size() > 3 && !is_zero) outcome.refuse(DecodeError::Truncated);
}

}  // namespace

bool DataSetReader::read(const DataSet& set, RecordSink& sink, DecodeOutcome& outcome) {
  return set.layout.is_variable() ? read_variable(set, sink, outcome)
                                  : read_fixed(set, sink, outcome);
}

bool DataSetReader::read_fixed(const DataSet& set, RecordSink& sink, DecodeOutcome& outcome) {
  const std::size_t record_bytes = set.layout.record_bytes();
  const std::size_t total = set.body.size() / record_bytes;
  const std::size_t allowed = kRecordsPerDatagram - std::min(kRecordsPerDatagram, outcome.records);
  const std::size_t taken = std::min(total, allowed);
  const bool is_by_record = is_sampled_by_record(set);
  const ResolvedSampling common = common_sampling(set);
  const std::byte* at = set.body.data();
  for (std::size_t done = 0; done < taken;) {
    const std::size_t count = std::min(kBatch, taken - done);
    const std::span<FlowRecord> records = lay(set.layout, common, count);
    set.layout.read_columns(at, records);
    if (is_by_record) {
      const bool has_fields = set.layout.has_interval_fields();
      for (std::size_t i = 0; i < count; ++i) {
        const std::byte* const wire = at + i * record_bytes;
        resolve(set, has_fields ? set.layout.sampling_fields(wire).interval() : 0, records[i]);
      }
    }
    sink.take(set.context, std::span<const FlowRecord>{records});
    at += count * record_bytes;
    done += count;
  }
  outcome.records += static_cast<std::uint32_t>(taken);
  if (taken < total) {
    outcome.refuse(DecodeError::BadCount);
    return false;
  }
  check_padding(set.body.subspan(total * record_bytes), outcome);
  return true;
}

bool DataSetReader::read_variable(const DataSet& set, RecordSink& sink, DecodeOutcome& outcome) {
  Batch& batch = batches_[last_];
  batch.stamp = 0;
  const bool is_by_record = is_sampled_by_record(set);
  const ResolvedSampling common = common_sampling(set);
  std::span<const std::byte> rest = set.body;
  std::size_t waiting = 0;
  bool is_sound = true;
  while (rest.size() >= set.layout.record_bytes()) {
    if (outcome.records >= kRecordsPerDatagram) {
      outcome.refuse(DecodeError::BadCount);
      is_sound = false;
      break;
    }
    FlowRecord& record = batch.records[waiting];
    record = set.layout.prototype();
    record.sampling_interval = common.interval;
    record.sampling_source = common.source;
    SamplingFacts facts;
    const auto length = set.layout.read_record(rest, record, facts);
    if (!length) {
      outcome.refuse(length.error());
      is_sound = false;
      break;
    }
    if (is_by_record) resolve(set, facts.interval(), record);
    rest = rest.subspan(*length);
    ++outcome.records;
    if (++waiting == kBatch) {
      sink.take(set.context, std::span<const FlowRecord>{batch.records});
      waiting = 0;
    }
  }
  if (waiting != 0) sink.take(set.context, std::span<const FlowRecord>{batch.records}.first(waiting));
  if (is_sound) check_padding(rest, outcome);
  return is_sound;
}

std::span<FlowRecord> DataSetReader::lay(const CompiledTemplate& layout, ResolvedSampling sampling,
                                         std::size_t count) noexcept {
  if (batches_[last_].stamp != layout.stamp()) last_ ^= 1U;
  Batch& batch = batches_[last_];
  if (batch.stamp != layout.stamp() || batch.sampling != sampling) {
    batch.stamp = layout.stamp();
    batch.sampling = sampling;
    batch.laid = 0;
  }
  for (; batch.laid < count; ++batch.laid) {
    FlowRecord& record = batch.records[batch.laid];
    record = layout.prototype();
    record.sampling_interval = sampling.interval;
    record.sampling_source = sampling.source;
  }
  return std::span{batch.records}.first(count);
}

}  // namespace weir::wire
