#include "collector/pipeline/knowledge_keeper.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "collector/model/time.h"
#include "collector/pipeline/knowledge_text.h"

namespace weir::pipeline {

KnowledgeKeeper::KnowledgeKeeper(std::shared_ptr<wire::SharedDecoderState> state,
                                 const std::string& directory)
    : state_(std::move(state)), directory_(directory), file_(directory, "decoder_state.json") {
  written_mark_ = mark();
  written_lessons_ = state_->lessons();
}

void KnowledgeKeeper::load() {
  // That it fails shows when the file is written.
  std::error_code ignored;
  std::filesystem::create_directories(directory_, ignored);

  const auto text = file_.read();
  if (!text) {
    if (text.error().code == ErrorCode::Malformed) {
      const auto aside = file_.set_aside();
      note_read_error(text.error().message, aside ? *aside : std::string{});
    } else {
      note_read_error(text.error().message, {});
    }
    return;
  }
  if (!*text) return;
  const auto knowledge = read_knowledge(**text, wire::DecoderLimits{});
  if (!knowledge) {
    const auto aside = file_.set_aside();
    note_read_error(fmt::format("{}: {}", file_.path(), knowledge.error().message),
                    aside ? *aside : std::string{});
    return;
  }
  state_->restore(*knowledge, wire::DecoderLimits{});
  written_mark_ = mark();
  written_lessons_ = state_->lessons();
}

void KnowledgeKeeper::keep(std::chrono::steady_clock::time_point now) {
  const bool is_first = tried_at_ == std::chrono::steady_clock::time_point::min();
  if (!is_first && now - tried_at_ < kLeastPause) return;
  const bool is_new = mark() != written_mark_;
  const bool is_stale =
      !is_first && now - tried_at_ >= kLongestPause && state_->lessons() != written_lessons_;
  if (!is_new && !is_stale) {
    // The long pause counts from the first look.
    if (is_first) tried_at_ = now - kLeastPause;
    return;
  }
  tried_at_ = now;
  write();
}

void KnowledgeKeeper::keep_now() {
  if (mark() != written_mark_ || state_->lessons() != written_lessons_) write();
}

std::uint64_t KnowledgeKeeper::mark() const noexcept {
  // Both only rise, so their sum moves when either does.
  return state_->generation() + state_->interfaces().generation();
}

void KnowledgeKeeper::write() {
  // Read first: what comes while the file is written is written next time.
  const std::uint64_t mark_now = mark();
  const std::uint64_t lessons_now = state_->lessons();
  const auto written = file_.write(write_knowledge(state_->snapshot()));
  const std::lock_guard lock(mutex_);
  if (!written) {
    ++figures_.write_errors;
    figures_.problem = fmt::format(
        "{}; until this is mended, a restart forgets templates, sampling rates and interface "
        "names",
        written.error().message);
    return;
  }
  written_mark_ = mark_now;
  written_lessons_ = lessons_now;
  ++figures_.writes;
  figures_.last_write_ms = since_epoch_ms(traffic_now());
  figures_.problem.clear();
}

void KnowledgeKeeper::note_read_error(const std::string& what, const std::string& aside) {
  const std::lock_guard lock(mutex_);
  ++figures_.read_errors;
  figures_.problem = what + "; starting without what earlier runs learned";
  if (!aside.empty()) figures_.problem += fmt::format(" (the file is now {})", aside);
}

KeepingFigures KnowledgeKeeper::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

}  // namespace weir::pipeline
