#include "collector/pipeline/learned_names.h"

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>

namespace weir::pipeline {
namespace {

using contracts::InterfaceTerms;

/// One router while its interfaces are put together.
class RouterDraft {
 public:
  RouterDraft(const config::Router& router, const wire::InterfaceTable& table)
      : name_(router.name) {
    for (auto& told : table.of(router.address)) {
      // Later ones got the name later.
      if (!told.name.empty()) index_by_name_[told.name] = told.ifindex;
      const std::uint32_t ifindex = told.ifindex;
      told_.emplace(ifindex, std::move(told));
    }
    for (const InterfaceTerms& terms : router.interfaces) {
      if (terms.index == 0)
        add_named(terms);
      else
        add(terms);
    }
  }

  void attach(const std::variant<std::uint32_t, std::string>& interface) {
    InterfaceTerms terms;
    if (const auto* index = std::get_if<std::uint32_t>(&interface)) {
      // One of which nothing is known comes into the table without this.
      if (indexes_.contains(*index) || !told_.contains(*index)) return;
      terms.index = *index;
      add(std::move(terms));
    } else {
      terms.name = std::get<std::string>(interface);
      if (!names_.contains(terms.name)) add_named(std::move(terms));
    }
  }

  [[nodiscard]] std::vector<InterfaceTerms> take() { return std::move(interfaces_); }
  [[nodiscard]] const std::vector<AwaitedInterface>& awaited() const noexcept { return awaited_; }

 private:
  void add(InterfaceTerms terms) {
    if (const auto told = told_.find(terms.index); told != told_.end()) {
      if (terms.name.empty()) terms.name = told->second.name;
      if (terms.speed.value() == 0) terms.speed = BitsPerSecond{told->second.bits_per_second};
    }
    indexes_.insert(terms.index);
    if (!terms.name.empty()) names_.insert(terms.name);
    interfaces_.push_back(std::move(terms));
  }

  void add_named(InterfaceTerms terms) {
    const auto index = index_by_name_.find(terms.name);
    if (index == index_by_name_.end()) {
      // Whoever else names it waits for the same.
      names_.insert(terms.name);
      awaited_.push_back({name_, std::move(terms.name)});
      return;
    }
    terms.index = index->second;
    add(std::move(terms));
  }

  std::string name_;
  std::unordered_map<std::uint32_t, wire::LearnedInterface> told_;
  std::unordered_map<std::string, std::uint32_t> index_by_name_;
  std::vector<InterfaceTerms> interfaces_;
  std::unordered_set<std::uint32_t> indexes_;
  std::unordered_set<std::string> names_;  ///< of interfaces_ and awaited_
  std::vector<AwaitedInterface> awaited_;
};

}  // namespace

RouterInterfaces interfaces_of(const config::Config& config, const wire::InterfaceTable& learned) {
  std::vector<RouterDraft> drafts;
  std::unordered_map<std::string, std::size_t> by_name;
  std::unordered_map<IpAddress, std::size_t> by_address;
  drafts.reserve(config.exporters.routers.size());
  for (const config::Router& router : config.exporters.routers) {
    by_name.emplace(router.name, drafts.size());
    by_address.emplace(router.address, drafts.size());
    drafts.emplace_back(router, learned);
  }
  const auto find = [&](const std::string& exporter) -> RouterDraft* {
    if (const auto named = by_name.find(exporter); named != by_name.end())
      return &drafts[named->second];
    if (const auto address = IpAddress::parse(exporter))
      if (const auto found = by_address.find(*address); found != by_address.end())
        return &drafts[found->second];
    return nullptr;
  };
  for (const auto& contract : config.contracts)
    for (const auto& attachment : contract.attach)
      if (const auto* where = std::get_if<contracts::InterfaceAttachment>(&attachment.where))
        if (RouterDraft* const router = find(where->exporter)) router->attach(where->interface);

  RouterInterfaces all;
  for (RouterDraft& draft : drafts) {
    all.awaited.insert(all.awaited.end(), draft.awaited().begin(), draft.awaited().end());
    all.by_router.push_back(draft.take());
  }
  return all;
}

}  // namespace weir::pipeline
