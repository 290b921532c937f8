#pragma once

#include <string>
#include <string_view>

#include "collector/model/result.h"
#include "collector/wire/decoder.h"
#include "collector/wire/decoder_knowledge.h"

namespace weir::pipeline {

/// What decoders know, as the text of a state file: two lines, each a JSON object. The first
/// names the format, its version and the XXH64 of the second; the second holds the knowledge.
///
/// What is read is untrusted: a damaged file, another version, a template that the wire would
/// refuse, anything beyond the limits of a decoder is an error, and nothing of it is taken.
/// What is read writes back as an equal text.
///
/// Threads: any; plain functions.
[[nodiscard]] std::string write_knowledge(const wire::DecoderKnowledge& knowledge);

/// Errors: Malformed, with what is wrong.
[[nodiscard]] Result<wire::DecoderKnowledge> read_knowledge(std::string_view text,
                                                            const wire::DecoderLimits& limits);

/// The first line for `body`, the second, and both line ends.
[[nodiscard]] std::string seal_knowledge(std::string_view body);

}  // namespace weir::pipeline
