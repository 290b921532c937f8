#include "collector/model/event_log.h"

#include <fmt/format.h>

#include <random>
#include <utility>

#include "collector/model/decode_error.h"

namespace weir {
inline namespace model {
namespace {

/// How often room is searched for in a full table: that takes a look at all of it.
constexpr TrafficSpan kSweep = std::chrono::seconds{1};

[[nodiscard]] std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

/// " sampler 3", or nothing where the whole domain is meant.
[[nodiscard]] std::string subject_text(const Event& event) {
  switch (event.about) {
    case EventSubject::Domain:
      return {};
    case EventSubject::Sampler:
      return fmt::format(" sampler {}", event.subject);
    case EventSubject::Interface:
      return fmt::format(" interface {}", event.subject);
    case EventSubject::EgressInterface:
      return fmt::format(" egress interface {}", event.subject);
    case EventSubject::Template:
      return fmt::format(" template {}", event.subject);
    case EventSubject::LineCard:
      return fmt::format(" line card {}", event.subject);
    case EventSubject::DataSource:
      return fmt::format(" data source {}:{}", event.subject >> 32, event.subject & 0xffff'ffffU);
  }
  return {};
}

/// Which part of the router's export is missing for a sampling interval to be known.
[[nodiscard]] std::string missing_sampling(const Event& event) {
  switch (event.about) {
    case EventSubject::Sampler:
      return fmt::format("no options record for sampler {}, and no interval for the domain",
                         event.subject);
    case EventSubject::Interface:
    case EventSubject::EgressInterface:
      return fmt::format("no options record for interface {}, and no interval for the domain",
                         event.subject);
    default:
      return event.before == 0
                 ? "no element 34, 50, 305/306, 309/310 or 311 seen in records or options data of "
                   "the domain"
                 : "options data announce several intervals, and the records name no sampler "
                   "(element 48 or 302)";
  }
}

[[nodiscard]] std::string_view refusal_name(std::uint64_t reason) noexcept {
  return reason < kDecodeErrors ? decode_error_name(static_cast<DecodeError>(reason)) : "unknown";
}

[[nodiscard]] std::string what_happened(const Event& event) {
  switch (event.kind) {
    case EventKind::SamplingChanged:
      return fmt::format("sampling interval changed from {} to {}", event.before, event.after);
    case EventKind::SamplingUnknown:
      return fmt::format(
          "sampling interval unknown, records of template {} cannot be scaled: {}; export it, or "
          "write `sampling: N` for this router",
          event.after, missing_sampling(event));
    case EventKind::TemplateRefused:
      return fmt::format("refused: {}", refusal_name(event.after));
    case EventKind::TemplateRedefined:
      return fmt::format("redefined with another layout ({} fields before, {} now)", event.before,
                         event.after);
    case EventKind::TemplateWithdrawn:
      return event.subject < 256 ? "stands for all of its kind: withdrawn" : "withdrawn";
    case EventKind::TemplateMissing:
      return "not known yet: its data wait for it";
    case EventKind::TooManyTemplates:
      return "over the limit of templates or samplers of one domain: not kept";
    case EventKind::TooManyDomains:
      return "over the limit of observation domains and ports: the one unused for longest went";
    case EventKind::ExporterRestarted:
      return "exporter restarted: its sequence began again";
    case EventKind::ClockOff: {
      const auto offset = static_cast<std::int64_t>(event.after);
      return fmt::format(
          "clock is {:.3f} s {}, more than {:.3f} s: its records are dated by their arrival; "
          "let it follow NTP",
          static_cast<double>(offset < 0 ? -offset : offset) / 1'000.0,
          offset < 0 ? "ahead" : "behind", static_cast<double>(event.before) / 1'000.0);
    }
  }
  return {};
}

}  // namespace

std::string_view event_kind_name(EventKind kind) noexcept {
  switch (kind) {
    case EventKind::SamplingChanged:
      return "sampling_changed";
    case EventKind::SamplingUnknown:
      return "sampling_unknown";
    case EventKind::TemplateRefused:
      return "template_refused";
    case EventKind::TemplateRedefined:
      return "template_redefined";
    case EventKind::TemplateWithdrawn:
      return "template_withdrawn";
    case EventKind::TemplateMissing:
      return "template_missing";
    case EventKind::TooManyTemplates:
      return "too_many_templates";
    case EventKind::TooManyDomains:
      return "too_many_domains";
    case EventKind::ExporterRestarted:
      return "exporter_restarted";
    case EventKind::ClockOff:
      return "clock_off";
  }
  return "unknown";
}

std::string describe(const Event& event) {
  // What is missing is named in the sentence itself.
  const std::string subject =
      event.kind == EventKind::SamplingUnknown ? std::string{} : subject_text(event);
  std::string text =
      fmt::format("{} {} domain {}{}: {}", event.exporter.to_string(),
                  protocol_name(event.protocol), event.domain, subject, what_happened(event));
  if (event.suppressed != 0) {
    text += fmt::format(" ({} more of this kind since the last message)", event.suppressed);
  }
  return text;
}

EventLog::EventLog() : streams_(0, StreamHash{random_seed()}) {}

std::size_t EventLog::StreamHash::operator()(const StreamKey& key) const noexcept {
  const std::uint64_t mixed =
      hash_address(key.exporter, seed) + static_cast<std::uint64_t>(key.kind) * 0x9e37'79b9'7f4aULL;
  return static_cast<std::size_t>(mixed ^ (mixed >> 29));
}

void EventLog::add(Event event) {
  const std::lock_guard lock{mutex_};
  const auto before = admit(event);
  if (!before) {
    ++suppressed_;
    return;
  }
  event.suppressed = *before;
  if (kept_.size() == kKept) kept_.pop_front();
  kept_.push_back(event);
  ++newest_;
}

std::optional<std::uint64_t> EventLog::admit(const Event& event) {
  // Captures merged from several places may step back: a span counts both ways.
  const auto is_past = [&event](TrafficTime since, TrafficSpan span) {
    return event.time - since >= span || since - event.time >= span;
  };
  const StreamKey key{.exporter = event.exporter, .kind = event.kind};
  if (const auto known = streams_.find(key); known != streams_.end()) {
    Stream& stream = known->second;
    if (!is_past(stream.last, kQuiet)) {
      ++stream.suppressed;
      return std::nullopt;
    }
    return std::exchange(stream, Stream{.last = event.time}).suppressed;
  }
  if (streams_.size() >= kMostStreams && is_past(swept_, kSweep)) {
    swept_ = event.time;
    std::erase_if(streams_, [&](const auto& entry) { return is_past(entry.second.last, kQuiet); });
  }
  if (streams_.size() >= kMostStreams) return std::nullopt;
  streams_.emplace(key, Stream{.last = event.time});
  return 0;
}

std::vector<EventLog::Numbered> EventLog::since(std::uint64_t after) const {
  const std::lock_guard lock{mutex_};
  std::vector<Numbered> events;
  std::uint64_t number = newest_ - kept_.size();
  for (const Event& event : kept_) {
    if (++number > after) events.push_back({.number = number, .event = event});
  }
  return events;
}

std::uint64_t EventLog::newest() const {
  const std::lock_guard lock{mutex_};
  return newest_;
}

std::uint64_t EventLog::suppressed() const {
  const std::lock_guard lock{mutex_};
  return suppressed_;
}

}  // namespace model
}  // namespace weir
