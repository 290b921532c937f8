#include "collector/wire/data_set.h"

#include <algorithm>

#include "collector/wire/record_copy.h"

namespace weir::wire {
namespace {

/// Sampling that each record decides for itself: by its fields, its sampler id, or its
/// input interface.
[[nodiscard]] bool is_sampled_by_record(const DataSet& set) noexcept {
  if (set.layout.has_interval_fields()) return true;
  if (set.samplers == nullptr) return false;
  const FlowRecord& constants = set.layout.prototype();
  return constants.has(Has::SamplerId) ||
         (set.samplers->has_interfaces() &&
          (constants.has(Has::Input) || constants.has(Has::Output)));
}

/// Sampling of all records of a set alike.
[[nodiscard]] ResolvedSampling common_sampling(const DataSet& set) noexcept {
  if (set.header_sampling.interval != 0) return set.header_sampling;
  if (set.samplers == nullptr || is_sampled_by_record(set)) return {};
  return set.samplers->of_template(set.template_id);
}

/// `announced` is what the record's own fields say, 0 when they say nothing.
void resolve(const DataSet& set, std::uint32_t announced, FlowRecord& record) noexcept {
  ResolvedSampling sampling{announced, SamplingSource::Record};
  if (sampling.interval == 0) {
    sampling = {};
    if (set.samplers != nullptr) sampling = set.samplers->of(record, set.template_id);
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

[[nodiscard]] bool has_unknown(std::span<const FlowRecord> records) noexcept {
  return std::ranges::any_of(records, [](const FlowRecord& r) { return r.sampling_interval == 0; });
}

}  // namespace

bool DataSetReader::read(const DataSet& set, RecordSink& sink, DecodeOutcome& outcome) {
  kept_records_ = 0;
  kept_bytes_.clear();
  return set.layout.is_variable() ? read_variable(set, sink, outcome)
                                  : read_fixed(set, sink, outcome);
}

bool DataSetReader::read_fixed(const DataSet& set, RecordSink& sink, DecodeOutcome& outcome) {
  const std::size_t record_bytes = set.layout.record_bytes();
  const std::size_t total = set.body.size() / record_bytes;
  const std::size_t taken = std::min<std::size_t>(total, set.allowance);
  const bool is_by_record = is_sampled_by_record(set);
  const ResolvedSampling common = common_sampling(set);
  // Where all are known alike, nothing below asks again.
  bool may_keep =
      set.unknown == UnknownSampling::SetAside && (is_by_record || common.interval == 0);
  bool keeps = false;
  std::uint32_t handed_on = 0;
  const std::byte* at = set.body.data();
  for (std::size_t done = 0; done < taken;) {
    const std::size_t count = std::min(kBatch, taken - done);
    const std::span<FlowRecord> records = lay(set.layout, common, count);
    set.layout.read_columns(at, records);
    std::size_t known = count;
    if (is_by_record) {
      const bool has_fields = set.layout.has_interval_fields();
      for (std::size_t i = 0; i < count; ++i) {
        const std::byte* const wire = at + i * record_bytes;
        resolve(set, has_fields ? set.layout.sampling_fields(wire).interval() : 0, records[i]);
      }
      batches_[last_].has_own_sampling = true;
    }
    if (may_keep) [[unlikely]] {
      if (!keeps && has_unknown(records)) {
        may_keep = keeps = !sink.takes_unknown_sampling(set.context);
      }
      if (keeps) known = keep_unknown(set, at, records);
    }
    if (known != 0) sink.take(set.context, std::span<const FlowRecord>{records.first(known)});
    handed_on += static_cast<std::uint32_t>(known);
    at += count * record_bytes;
    done += count;
  }
  outcome.records += handed_on;
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
  std::uint32_t seen = 0;
  bool may_keep = set.unknown == UnknownSampling::SetAside;
  bool keeps = false;
  bool is_sound = true;
  while (rest.size() >= set.layout.record_bytes()) {
    if (seen == set.allowance) {
      outcome.refuse(DecodeError::BadCount);
      is_sound = false;
      break;
    }
    FlowRecord& record = batch.records[waiting];
    copy_record(set.layout.prototype(), record);
    record.sampling_interval = common.interval;
    record.sampling_source = common.source;
    SamplingFacts facts;
    const auto length = set.layout.read_record(rest, record, facts);
    if (!length) {
      outcome.refuse(length.error());
      is_sound = false;
      break;
    }
    ++seen;
    if (is_by_record) resolve(set, facts.interval(), record);
    const std::span<const std::byte> wire = rest.first(*length);
    rest = rest.subspan(*length);
    if (may_keep && record.sampling_interval == 0) [[unlikely]] {
      if (!keeps) may_keep = keeps = !sink.takes_unknown_sampling(set.context);
      if (keeps) {
        keep(record, wire);
        continue;
      }
    }
    ++outcome.records;
    if (++waiting == kBatch) {
      sink.take(set.context, std::span<const FlowRecord>{batch.records});
      waiting = 0;
    }
  }
  if (waiting != 0)
    sink.take(set.context, std::span<const FlowRecord>{batch.records}.first(waiting));
  if (is_sound) check_padding(rest, outcome);
  return is_sound;
}

void DataSetReader::keep(const FlowRecord& record, std::span<const std::byte> wire) {
  if (kept_records_ == 0) first_kept_ = record;
  ++kept_records_;
  kept_bytes_.insert(kept_bytes_.end(), wire.begin(), wire.end());
}

std::size_t DataSetReader::keep_unknown(const DataSet& set, const std::byte* wire,
                                        std::span<FlowRecord> records) {
  const std::size_t record_bytes = set.layout.record_bytes();
  std::size_t known = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].sampling_interval == 0) {
      keep(records[i], {wire + i * record_bytes, record_bytes});
      continue;
    }
    if (known != i) records[known] = records[i];
    ++known;
  }
  return known;
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
  if (batch.has_own_sampling) {
    // Another exporter of the same template told of sampling what this one may not have told.
    for (FlowRecord& record : std::span{batch.records}.first(batch.laid)) {
      record.sampling_interval = sampling.interval;
      record.sampling_source = sampling.source;
    }
    batch.has_own_sampling = false;
  }
  for (; batch.laid < count; ++batch.laid) {
    FlowRecord& record = batch.records[batch.laid];
    copy_record(layout.prototype(), record);
    record.sampling_interval = sampling.interval;
    record.sampling_source = sampling.source;
  }
  return std::span{batch.records}.first(count);
}

}  // namespace weir::wire
