#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "collector/billing/capacity.h"
#include "collector/config/config.h"
#include "collector/model/result.h"
#include "exporters/ledger/ledger.h"

namespace weir::app {

/// An interface as the configuration describes it.
struct WantedInterface {
  std::string exporter;     ///< the router's name
  std::uint32_t index = 0;  ///< 0: the router tells it
  std::string name;         ///< may be empty
};

/// What one interface carried in one ledger interval, summed over runs.
struct InterfaceInterval {
  std::int64_t start = 0;  ///< seconds since 1970 UTC, a multiple of 300
  std::uint64_t ingress_bytes = 0;
  std::uint64_t egress_bytes = 0;
};

/// Gives `take` the intervals of the wanted interfaces in [from, until), each by its place in
/// `wanted`, in any order. The two directions of an interval may come together or apart, each once.
using TakeInterface = std::function<void(std::size_t interface, const InterfaceInterval&)>;
using EachInterfaceInterval =
    std::function<Result<void>(std::span<const WantedInterface> wanted, std::int64_t from,
                               std::int64_t until, const TakeInterface& take)>;

/// What planners are shown, out of the ledger, as of `now`: contracts that hold then, interfaces
/// whose speed is configured, groups, and diversity (docs/capacity.md).
///
/// Reads the ledger once for the weeks that are looked at, in order of time, and keeps of each
/// contract the largest values of the week that is read: some 2 KB, however much the ledger
/// holds. Without `each_interface` there are no interfaces, and groups have no figures.
///
/// A year of thousands of contracts takes minutes to read. A step reads a day of it at most, so
/// that its thread can do something else in between. What is written to the ledger meanwhile is in
/// the view or is not.
///
/// Threads: the ledger's. Errors: what the ledger and `each_interface` say; Usage for a time zone.
class CapacityViewMaker {
 public:
  CapacityViewMaker(std::shared_ptr<const config::Config> config, TrafficTime now);
  ~CapacityViewMaker();
  CapacityViewMaker(const CapacityViewMaker&) = delete;
  CapacityViewMaker& operator=(const CapacityViewMaker&) = delete;

  /// One step on. True: the view is whole, and take() gives it. After an error there is nothing to
  /// go on with.
  [[nodiscard]] Result<bool> step(ledger::Ledger& ledger,
                                  const EachInterfaceInterval& each_interface);
  [[nodiscard]] billing::CapacityView take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// All steps at once.
[[nodiscard]] Result<billing::CapacityView> make_capacity_view(
    const config::Config& config, ledger::Ledger& ledger, TrafficTime now,
    const EachInterfaceInterval& each_interface);

}  // namespace weir::app
