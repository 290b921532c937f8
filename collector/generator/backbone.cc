#include "collector/generator/backbone.h"

#include <cstddef>
#include <iterator>
#include <utility>

namespace weir::generator {
namespace {

constexpr std::uint64_t kRouterSeeds = 0x2'0000'0000ULL;
constexpr std::uint64_t kStreamSeeds = 0x3'0000'0000ULL;

void move_behind(std::vector<Emission>& all, std::vector<Emission> more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

}  // namespace

Backbone::Backbone(const Scenario& scenario, const TrafficPlan& plan, TrafficTime start,
                   Truth* truth)
    : now_(start) {
  routers_.reserve(scenario.exporters.size());
  for (std::uint32_t i = 0; i < scenario.exporters.size(); ++i)
    routers_.emplace_back(scenario.exporters[i], i, derive_seed(scenario.seed, kRouterSeeds + i),
                          start, truth);
  for (std::size_t i = 0; i < plan.streams.size(); ++i) {
    const StreamPlan& stream = plan.streams[i];
    routers_[stream.exporter].add_stream({.plan = stream,
                                          .rule = scenario.traffic[stream.rule],
                                          .exporter = scenario.exporters[stream.exporter],
                                          .growth = scenario.growth,
                                          .seed = derive_seed(scenario.seed, kStreamSeeds + i),
                                          .start = start});
  }
}

std::vector<Emission> Backbone::advance() {
  std::vector<Emission> all;
  for (Router& router : routers_) move_behind(all, router.advance(now_));
  now_ += kTick;
  return all;
}

std::vector<Emission> Backbone::finish() {
  std::vector<Emission> all;
  for (Router& router : routers_) move_behind(all, router.finish(now_));
  return all;
}

}  // namespace weir::generator
