#pragma once

#include <cstdint>
#include <vector>

#include "collector/model/time.h"
#include "collector/wire/compiled_template.h"
#include "collector/wire/interface_table.h"
#include "collector/wire/sampler_table.h"
#include "collector/wire/session.h"

namespace weir::wire {

/// What decoders have learned of their exporters, as plain values: taken from a
/// SharedDecoderState, kept in a file, and given to the next one.
///
/// Threads: a plain value.
struct DecoderKnowledge {
  struct Template {
    std::uint16_t id = 0;
    TemplateDefinition definition;
    TrafficTime seen;         ///< last sent
    TrafficTime used;         ///< last that data matched it, to a minute; may be before `seen`
    TrafficSpan longest_gap;  ///< between two sendings

    friend bool operator==(const Template&, const Template&) = default;
  };
  struct Session {
    std::uint16_t port = 0;
    std::vector<Template> templates;  ///< by id

    friend bool operator==(const Session&, const Session&) = default;
  };
  struct Domain {
    DomainKey key;
    TrafficTime heard;                   ///< the times of templates count up to here
    std::vector<Session> sessions;       ///< by port
    std::vector<Announcement> samplers;  ///< SamplerTable::announcements()

    friend bool operator==(const Domain&, const Domain&) = default;
  };

  std::vector<Domain> domains;
  std::vector<InterfaceTable::OfExporter> interfaces;

  friend bool operator==(const DecoderKnowledge&, const DecoderKnowledge&) = default;
};

}  // namespace weir::wire
