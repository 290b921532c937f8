#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collector/model/exporter.h"
#include "collector/model/ip_address.h"
#include "collector/model/time.h"

namespace weir {
inline namespace model {

/// What operators want to hear of when it happens. `before` and `after` of Event are said here
/// where they mean something.
enum class EventKind : std::uint8_t {
  SamplingChanged,    ///< an interval that was known is another now: N before, N after
  SamplingUnknown,    ///< records whose interval nobody said; after: their template. About the
                      ///< domain, before: 0 no interval was announced, 1 several that differ
  TemplateRefused,    ///< after: DecodeError
  TemplateRedefined,  ///< an id means another layout now: fields before, fields after
  TemplateWithdrawn,  ///< id below 256: all templates of that set's kind
  TemplateMissing,    ///< data came before its template
  TooManyTemplates,   ///< over the exporter's limit, refused
  TooManyDomains,     ///< over the exporter's limit: others had to go, or it was refused
  ExporterRestarted,  ///< its sequence began again
  ClockOff,           ///< milliseconds: the limit, and arrival minus export time (signed)
};
inline constexpr std::size_t kEventKinds = 10;

/// The word used in logs and JSON: "sampling_changed", "template_missing", ...
[[nodiscard]] std::string_view event_kind_name(EventKind kind) noexcept;

/// What Event::subject is.
enum class EventSubject : std::uint8_t {
  Domain,           ///< nothing: the whole observation domain
  Sampler,          ///< sampler or selector id (elements 48, 302)
  Interface,        ///< ifIndex that packets enter by, or, where nothing tells, either way
  EgressInterface,  ///< ifIndex that packets leave by
  Template,         ///< template id
  LineCard,
  DataSource,  ///< sFlow: class times 2^32 plus index
};

struct Event {
  TrafficTime time{};
  EventKind kind = EventKind::SamplingChanged;
  IpAddress exporter;
  Protocol protocol = Protocol::Netflow5;
  std::uint32_t domain = 0;
  EventSubject about = EventSubject::Domain;
  std::uint64_t subject = 0;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  std::uint64_t suppressed = 0;  ///< of this kind and exporter, not kept since the one before

  friend bool operator==(const Event&, const Event&) noexcept = default;
};

/// One sentence for people. Holds no word from the wire, only numbers and addresses.
[[nodiscard]] std::string describe(const Event& event);

/// The last events of a process, by number, at most one a minute (of traffic time) for each kind
/// and exporter; the next one says how many were suppressed.
///
/// Bounded: kKept events, and kMostStreams pairs of kind and exporter whose minute runs. An
/// event of one more pair is counted and dropped.
///
/// Threads: any; one mutex. Meant for rare paths: whoever adds per record or per set limits
/// itself first.
class EventLog {
 public:
  static constexpr std::size_t kKept = 256;
  static constexpr std::size_t kMostStreams = 8'192;
  static constexpr TrafficSpan kQuiet = std::chrono::minutes{1};

  EventLog();

  /// Keeps `event`, or counts it as suppressed. Its own `suppressed` is filled in here.
  void add(Event event);

  struct Numbered {
    std::uint64_t number = 0;  ///< from 1, without holes
    Event event;

    friend bool operator==(const Numbered&, const Numbered&) noexcept = default;
  };
  /// Events that are still kept and come after number `after`, oldest first. The first
  /// number is higher than `after + 1` where events between were pushed out.
  [[nodiscard]] std::vector<Numbered> since(std::uint64_t after) const;

  /// Events that were kept at any time: the number of the newest.
  [[nodiscard]] std::uint64_t newest() const;
  /// Events that were suppressed at any time.
  [[nodiscard]] std::uint64_t suppressed() const;

 private:
  struct StreamKey {
    IpAddress exporter;
    EventKind kind = EventKind::SamplingChanged;

    friend bool operator==(const StreamKey&, const StreamKey&) noexcept = default;
  };
  struct StreamHash {
    std::uint64_t seed;
    [[nodiscard]] std::size_t operator()(const StreamKey& key) const noexcept;
  };
  struct Stream {
    TrafficTime last;
    std::uint64_t suppressed = 0;
  };

  /// If `event` begins a new minute of its stream, how many were suppressed before it. With
  /// mutex_ held.
  [[nodiscard]] std::optional<std::uint64_t> admit(const Event& event);

  mutable std::mutex mutex_;  ///< guards all below
  std::deque<Event> kept_;
  std::uint64_t newest_ = 0;
  std::uint64_t suppressed_ = 0;
  std::unordered_map<StreamKey, Stream, StreamHash> streams_;
  TrafficTime swept_;  ///< when streams_ was last searched for room
};

}  // namespace model
}  // namespace weir
