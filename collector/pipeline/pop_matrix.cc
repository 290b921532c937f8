#include "collector/pipeline/pop_matrix.h"

namespace weir::pipeline {

PopPlace PopRegistry::place_of(const std::string& name) {
  if (name.empty()) return kUnknownPop;
  const std::lock_guard lock(mutex_);
  if (const auto found = places_.find(name); found != places_.end()) return found->second;
  if (places_.size() >= kMostPops) {
    has_other_ = true;
    return kOtherPop;
  }
  const auto place = static_cast<PopPlace>(places_.size());
  places_.emplace(name, place);
  return place;
}

std::vector<PopRegistry::Named> PopRegistry::places() const {
  const std::lock_guard lock(mutex_);
  std::vector<Named> named(places_.size());
  for (const auto& [name, place] : places_) named[place] = {.place = place, .name = name};
  named.push_back({.place = kUnknownPop, .name = "unknown"});
  if (has_other_) named.push_back({.place = kOtherPop, .name = "other"});
  return named;
}

}  // namespace weir::pipeline
