#include "collector/wire/session_table.h"

#include <algorithm>

namespace weir::wire {

SessionTable::SessionTable(const DecoderLimits& limits, std::uint64_t seed)
    : limits_(limits), sessions_(0, KeyHash{seed}), exporters_(0, KeyHash{seed}) {}

LocalSession* SessionTable::find_or_make(const SessionKey& key, DecodeOutcome& outcome) {
  ++uses_;
  if (last_ != nullptr && last_->key == key) {
    last_->last_used = uses_;
    return last_;
  }
  if (const auto known = sessions_.find(key); known != sessions_.end()) {
    last_ = known->second;
    last_->last_used = uses_;
    return last_;
  }
  auto exporter = exporters_.find(key.domain.address);
  if (exporter == exporters_.end()) {
    if (exporters_.size() >= limits_.exporters) {
      outcome.refuse(DecodeError::TooManyDomains);
      return nullptr;
    }
    exporter = exporters_.emplace(key.domain.address, std::make_unique<LocalExporter>()).first;
  }
  LocalExporter& owner = *exporter->second;
  auto session = std::make_unique<LocalSession>();
  session->key = key;
  session->exporter = &owner;
  session->last_used = uses_;
  last_ = session.get();
  if (owner.sessions.size() >= limits_.domains_per_exporter) {
    const auto oldest = std::ranges::min_element(
        owner.sessions, {}, [](const auto& other) { return other->last_used; });
    sessions_.erase((*oldest)->key);
    *oldest = std::move(session);
    outcome.refuse(DecodeError::TooManyDomains);
  } else {
    owner.sessions.push_back(std::move(session));
  }
  sessions_.emplace(key, last_);
  return last_;
}

void SessionTable::forget(const IpAddress& source, ConnectionId connection) {
  const auto exporter = exporters_.find(source);
  if (exporter == exporters_.end()) return;
  last_ = nullptr;
  std::erase_if(exporter->second->sessions, [&](const auto& session) {
    if (session->key.connection != connection) return false;
    sessions_.erase(session->key);
    return true;
  });
}

}  // namespace weir::wire
