#include "collector/accounting/exporter_clock.h"

#include <algorithm>
#include <optional>

namespace weir::accounting {
namespace {

/// A skew is the smallest of at least this long.
constexpr TrafficSpan kSkewWindow = std::chrono::seconds{60};

/// 1900-01-01 to 1970-01-01 (RFC 5905, 6).
constexpr std::int64_t kNtpToUnixSeconds = 2'208'988'800;

/// Beyond this (the year 287,396) a time of 64 bits is a counter gone wild; the bound keeps
/// sums with it inside 64 bits.
constexpr std::uint64_t kLargestMs = std::uint64_t{1} << 53;

/// An NTP time counts seconds modulo 2^32 (RFC 5905, 6: eras); the one nearest to the export
/// time is meant.
TrafficTime ntp_time(std::uint64_t value, TrafficTime export_time) noexcept {
  const std::int64_t reference_seconds = since_epoch_ms(export_time) / 1'000;
  const auto reference = static_cast<std::uint32_t>(reference_seconds + kNtpToUnixSeconds);
  const auto ahead = static_cast<std::int32_t>(static_cast<std::uint32_t>(value >> 32) - reference);
  const std::uint64_t fraction_ms = ((value & 0xffff'ffff) * 1'000) >> 32;
  return traffic_time_ms((reference_seconds + ahead) * 1'000 +
                         static_cast<std::int64_t>(fraction_ms));
}

/// The exporter's uptime at export, modulo 2^32 ms; nullopt if nothing tells it.
std::optional<std::uint32_t> uptime_at_export(const MessageContext& context,
                                              const FlowRecord& record,
                                              TrafficTime export_time) noexcept {
  if (context.has_uptime) return context.uptime_ms;
  // IPFIX has no uptime in its header; element 160 tells when it began (RFC 7011, 7.1.3
  // elements flowStartSysUpTime, systemInitTimeMilliseconds).
  const std::uint64_t init =
      record.has(Has::SystemInit) ? record.system_init_ms : context.system_init_ms;
  if (init == 0) return std::nullopt;
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(since_epoch_ms(export_time)) - init);
}

/// On the exporter's clock.
TrafficTime time_of(std::uint64_t value, TimeFormat format, TrafficTime export_time,
                    std::uint32_t uptime) noexcept {
  switch (format) {
    case TimeFormat::None:
      return export_time;
    case TimeFormat::UptimeMs:
      // The uptime wraps every 49.7 days, and a flow may end just after the header's time:
      // the signed difference is right in both cases.
      return export_time -
             TrafficSpan{static_cast<std::int32_t>(uptime - static_cast<std::uint32_t>(value))};
    case TimeFormat::Resolved:
    case TimeFormat::Milliseconds:
      return traffic_time_ms(static_cast<std::int64_t>(std::min(value, kLargestMs)));
    case TimeFormat::Seconds:
      return traffic_time_ms(static_cast<std::int64_t>(std::min(value, kLargestMs / 1'000)) *
                             1'000);
    case TimeFormat::NtpMicroseconds:
    case TimeFormat::NtpNanoseconds:
      return ntp_time(value, export_time);
    case TimeFormat::DeltaMicroseconds:
      return export_time - TrafficSpan{static_cast<std::int64_t>((value & 0xffff'ffff) / 1'000)};
  }
  return export_time;
}

}  // namespace

void ExporterClock::observe(const MessageContext& context) noexcept {
  if (!context.has_export_time) return;
  const TrafficSpan offset = context.arrival - context.export_time;
  is_rebased_ = is_beyond_limit(offset);
  if (has_current_ && context.arrival - window_start_ < kSkewWindow) {
    current_ = std::min(current_, offset);
    return;
  }
  has_previous_ = has_current_;
  previous_ = current_;
  has_current_ = true;
  current_ = offset;
  window_start_ = context.arrival;
}

TrafficSpan ExporterClock::skew() const noexcept {
  return has_previous_ ? std::min(previous_, current_) : current_;
}

MessageClock ExporterClock::of(const MessageContext& context) const noexcept {
  const TrafficSpan offset =
      context.has_export_time ? context.arrival - context.export_time : TrafficSpan{0};
  return {context, is_beyond_limit(offset) ? offset : TrafficSpan{0}};
}

MessageClock::MessageClock(const MessageContext& context, TrafficSpan shift) noexcept
    : context_(context),
      export_time_(context.has_export_time ? context.export_time : context.arrival),
      shift_(shift) {}

ResolvedTime MessageClock::resolve_rarer(const FlowRecord& record) const noexcept {
  const bool has_first = record.has(Has::First);
  const bool has_last = record.has(Has::Last);
  TimeRange range{.start = export_time_, .end = export_time_};
  const TrafficSpan shift = record.time_format == TimeFormat::Resolved ? TrafficSpan{0} : shift_;
  if (record.time_format == TimeFormat::None || (!has_first && !has_last))
    return within_bounds(range, shift);
  std::uint32_t uptime = 0;
  if (record.time_format == TimeFormat::UptimeMs) {
    const auto known = uptime_at_export(context_, record, export_time_);
    if (!known) {
      ResolvedTime unread = within_bounds(range, shift);
      unread.is_clamped = true;
      return unread;
    }
    uptime = *known;
  }
  if (has_last) range.end = time_of(record.last, record.time_format, export_time_, uptime);
  range.start =
      has_first ? time_of(record.first, record.time_format, export_time_, uptime) : range.end;
  return within_bounds(range, shift);
}

}  // namespace weir::accounting
