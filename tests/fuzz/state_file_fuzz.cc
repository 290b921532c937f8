/// The state file made of any text: no crash, and what is accepted writes back to a text that
/// reads equal, keeps the limits of a decoder, and is taken up whole by one.
///
/// An input that begins with `!` is the body of a file whose checksum is right, so that the
/// checksum does not keep the fuzzer out.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "collector/pipeline/knowledge_text.h"
#include "collector/wire/shared_decoder_state.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_bounds(const weir::wire::DecoderKnowledge& knowledge,
                  const weir::wire::DecoderLimits& limits) {
  for (const auto& domain : knowledge.domains) {
    require(domain.sessions.size() <= limits.domains_per_exporter);
    for (const auto& session : domain.sessions) {
      require(session.templates.size() <= limits.templates_per_domain);
      for (const auto& one : session.templates) {
        require(one.id >= 256 && !one.definition.fields.empty());
        require(one.definition.fields.size() <= limits.fields_per_template);
      }
    }
  }
  for (const auto& of : knowledge.interfaces) {
    require(of.interfaces.size() <= weir::wire::InterfaceTable::kMostPerExporter);
    for (const auto& told : of.interfaces) {
      require(told.ifindex != 0);
      require(told.name.size() <= weir::wire::WireText::kMostBytes);
      require(told.description.size() <= weir::wire::WireText::kMostBytes);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::wire::DecoderLimits limits;
  std::string text(data, data + size);
  if (text.starts_with('!')) text = weir::pipeline::seal_knowledge(text.substr(1));
  const auto knowledge = weir::pipeline::read_knowledge(text, limits);
  if (!knowledge) {
    require(!knowledge.error().message.empty());
    return 0;
  }
  check_bounds(*knowledge, limits);
  const std::string written = weir::pipeline::write_knowledge(*knowledge);
  const auto again = weir::pipeline::read_knowledge(written, limits);
  require(again && *again == *knowledge);
  require(weir::pipeline::write_knowledge(*again) == written);

  // What a decoder takes up of it is all that it knows, and is kept the same.
  const auto state = weir::wire::make_shared_decoder_state();
  state->restore(*knowledge, limits);
  const weir::wire::DecoderKnowledge taken = state->snapshot();
  check_bounds(taken, limits);
  const auto reborn = weir::wire::make_shared_decoder_state();
  const auto kept = weir::pipeline::read_knowledge(weir::pipeline::write_knowledge(taken), limits);
  require(kept.has_value());
  reborn->restore(*kept, limits);
  require(reborn->snapshot().domains == taken.domains);
  return 0;
}
