#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "collector/wire/compiled_template.h"
#include "collector/wire/decode_outcome.h"
#include "collector/wire/decoder.h"
#include "collector/wire/held_sets.h"
#include "collector/wire/sampler_table.h"
#include "collector/wire/sequence_tracker.h"
#include "collector/wire/session.h"

namespace weir::wire {

struct LocalExporter;

/// What one worker knows of one session and observation domain.
struct LocalSession {
  struct Known {
    TemplatePtr layout;   ///< null: nobody knows it
    bool is_own = false;  ///< taught by this session itself
    /// When the shared state was last told that it was sent, or used.
    TrafficTime told_seen = TrafficTime::min();
    TrafficTime told_used = TrafficTime::min();
  };

  SessionKey key;
  LocalExporter* exporter = nullptr;
  SequenceTracker sequence;
  std::uint64_t generation = 0;  ///< of the shared state that the two below reflect
  boost::unordered_flat_map<std::uint16_t, Known> templates;
  SamplerTablePtr samplers;
  TrafficTime tended = TrafficTime::min();  ///< when the shared state was last told of it
  std::uint64_t held_tried_at = 0;  ///< generation at which held sets last looked for templates
  /// Records of unknown sampling, since options data last told anything new.
  struct Unknown {
    TrafficTime since = TrafficTime::max();  ///< when they began to come; max: none has
    TrafficTime said = TrafficTime::min();   ///< when it was last told
    SamplerTablePtr tried;                   ///< what those that wait were last tried with
  };
  Unknown unknown;
  std::uint64_t last_used = 0;
};

struct LocalExporter {
  std::vector<std::unique_ptr<LocalSession>> sessions;
  HeldSets held;
  TrafficTime unknown_tried = TrafficTime::min();  ///< when its waiting records last were
  TrafficTime sink_asked = TrafficTime::min();     ///< whether it takes them after all
};

/// One worker's sessions, bounded: per exporter the one used longest ago goes for a new
/// one; exporters beyond the limit are refused. Both are counted as TooManyDomains.
///
/// Threads: one. Owns the sessions; a pointer is good until the next find_or_make() or
/// forget().
class SessionTable {
 public:
  SessionTable(const DecoderLimits& limits, std::uint64_t seed);

  /// Null if the exporter is one too many.
  [[nodiscard]] LocalSession* find_or_make(const SessionKey& key, DecodeOutcome& outcome);

  /// Calls `visit` with each exporter's held sets.
  template <class Visit>
  void for_each_held(Visit visit) {
    for (auto& [address, exporter] : exporters_) visit(exporter->held);
  }
  /// Drops all sessions of a connection that has ended.
  void forget(const IpAddress& source, ConnectionId connection);

 private:
  DecoderLimits limits_;
  LocalSession* last_ = nullptr;  ///< datagrams of one session often follow each other
  std::uint64_t uses_ = 0;
  boost::unordered_flat_map<SessionKey, LocalSession*, KeyHash> sessions_;
  boost::unordered_flat_map<IpAddress, std::unique_ptr<LocalExporter>, KeyHash> exporters_;
};

}  // namespace weir::wire
