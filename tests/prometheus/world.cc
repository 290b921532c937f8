#include "tests/prometheus/world.h"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "exporters/prometheus/exposition.h"

namespace weir::test {
namespace {

constexpr std::size_t kWorkers = 2;
constexpr std::uint32_t kRing = 64;
constexpr core::BucketGeometry kGeometry{TrafficSpan{10'000}};

[[nodiscard]] contracts::RouterTerms edge_router(ExporterId exporter) {
  contracts::RouterTerms router;
  router.exporter = exporter;
  router.address = IpAddress::v4(0xc000'0201);
  router.name = "edge1.tyo";
  router.pop = "Tokyo";
  router.interfaces.push_back({.index = 512,
                               .name = "et-0/0/1",
                               .speed = BitsPerSecond{10'000'000'000},
                               .role = contracts::InterfaceRole::Customer,
                               .tagged = false});
  return router;
}

/// A new folder that goes with its contents.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-metrics-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

[[nodiscard]] Verdict run(const std::string& command) {
  Verdict verdict;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return {.output = "cannot run: " + command, .status = -1};
  std::array<char, 4'096> bytes{};
  for (std::size_t count = 0; (count = std::fread(bytes.data(), 1, bytes.size(), pipe)) > 0;) {
    verdict.output.append(bytes.data(), count);
  }
  const int status = ::pclose(pipe);
  verdict.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return verdict;
}

}  // namespace

World::World(std::vector<contracts::Contract> list) {
  exporters.name(*exporters.intern(IpAddress::v4(0xc000'0201)), "edge1.tyo");
  std::vector<core::WorkerCells*> pointers;
  for (std::size_t i = 0; i < kWorkers; ++i) {
    books.push_back(std::make_unique<core::WorkerBooks>());
    cells_.push_back(std::make_unique<core::WorkerCells>(kGeometry, kRing));
    pointers.push_back(cells_.back().get());
  }
  totals_ = std::make_unique<core::Totals>(kGeometry, pointers);
  set_contracts(std::move(list));
  close_until(kStart);
}

void World::set_contracts(std::vector<contracts::Contract> list) {
  contracts::ContractTable::Input input;
  input.routers.push_back(edge_router(ExporterId{0}));
  for (contracts::Contract& entry : list) {
    auto known = std::find(ids_.begin(), ids_.end(), entry.id);
    if (known == ids_.end()) known = ids_.insert(ids_.end(), entry.id);
    input.contracts.push_back({.slot = Slot{static_cast<std::uint32_t>(known - ids_.begin())},
                               .contract = std::move(entry)});
  }
  totals_->set_slot_count(static_cast<std::uint32_t>(ids_.size()));
  table_ = contracts::ContractTable::build(std::move(input));
}

void World::count(std::size_t worker, std::uint32_t slot, Direction direction, Family family,
                  Amount amount, TrafficTime time) {
  const bool is_from = direction == Direction::FromCustomer;
  cells_[worker]->add(is_from ? slot : contracts::kNoSlot, is_from ? contracts::kNoSlot : slot,
                      family, amount, {.start = time, .end = time});
}

void World::close_until(TrafficTime now) {
  for (const auto& cells : cells_) cells->advance(now, TrafficSpan{0});
  const auto closed = totals_->close_due();
  static_cast<void>(closed);
}

prometheus::Sources World::sources() {
  prometheus::Sources sources;
  sources.totals = totals_.get();
  for (const auto& worker : books) sources.books.push_back(worker.get());
  sources.exporters = &exporters;
  sources.table = [this] { return table_; };
  sources.pops = [this] { return pops; };
  sources.capacity = [this] { return capacity; };
  sources.billing = [this] { return billing; };
  sources.baselines = [this] { return baselines; };
  sources.completeness = [this](TrafficTime) { return completeness; };
  sources.sockets = [] {
    return std::vector<prometheus::SocketFigures>{{.listen = "0.0.0.0:2055",
                                                   .datagrams = 10,
                                                   .dropped = 1,
                                                   .truncated = 0,
                                                   .requested_buffer_bytes = 33'554'432,
                                                   .granted_buffer_bytes = 425'984},
                                                  {.listen = "0.0.0.0:2055",
                                                   .datagrams = 20,
                                                   .dropped = 2,
                                                   .truncated = 3,
                                                   .requested_buffer_bytes = 33'554'432,
                                                   .granted_buffer_bytes = 212'992}};
  };
  sources.streams = [] {
    return std::vector<prometheus::StreamFigures>{
        {.listen = "tcp 0.0.0.0:4739",
         .accepted = 5,
         .open = 2,
         .messages = 100,
         .bytes = 140'000,
         .refused = {{.name = "not_allowed", .connections = 7}, {.name = "too_many"}},
         .ended = {{.name = "peer", .connections = 3}, {.name = "malformed"}}}};
  };
  sources.interfaces = [](const contracts::ContractTable&) {
    return std::vector<prometheus::InterfaceFigures>{
        {.number = 0,
         .ingress_bytes = 9'007'199'254'740'993,
         .egress_bytes = 7,
         .counters = {{{.bytes = 9'007'199'254'740'995, .ratio = 0.5, .alarm_cause = "loss"},
                       {.bytes = 8, .ratio = 1.0, .alarm_cause = "layer"}}}},
        {.number = 9, .ingress_bytes = 1, .egress_bytes = 1}};
  };
  sources.process = [] {
    return prometheus::ProcessFigures{.last_reload_ok = true,
                                      .last_reload_success_ms = 1'714'521'600'500,
                                      .reloads = 3,
                                      .refused_reloads = 1,
                                      .workers = 2,
                                      .lateness_ms = 10'000,
                                      .layer = "ethernet"};
  };
  sources.state = [] {
    return prometheus::StateFigures{.is_kept = true,
                                    .read_errors = 1,
                                    .write_errors = 2,
                                    .writes = 4,
                                    .last_write_ms = 1'714'521'600'250,
                                    .awaited_interface_names = 3};
  };
  sources.ledger = [] {
    return prometheus::LedgerFigures{.pending_intervals = 1,
                                     .pending_rows = 12,
                                     .written_intervals = 3,
                                     .write_errors = 4,
                                     .dropped_rows = 5,
                                     .amended_bytes = 6,
                                     .unamended_bytes = 7,
                                     .last_final_start = 1'714'521'300,
                                     .is_failing = true};
  };
  sources.remote_write = [] {
    return prometheus::RemoteWriteFigures{.sent_samples = 1,
                                          .rejected_samples = 2,
                                          .dropped_samples = 3,
                                          .failed_requests = 4,
                                          .pending_samples = 5,
                                          .pending_bytes = 80,
                                          .last_success_ms = 1'714'521'600'750,
                                          .sent_until_ms = 1'714'521'600'000,
                                          .is_failing = true};
  };
  sources.contracts_import = [] {
    return prometheus::ContractsImportFigures{.period = std::chrono::minutes{15},
                                              .failures = 2,
                                              .last_success_ms = 1'714'521'600'250,
                                              .last_changes = 3};
  };
  sources.http = [] { return prometheus::HttpFigures{.requests = 5}; };
  sources.now = [] { return kStart + TrafficSpan{75'000}; };
  sources.version = "0.1.0";
  return sources;
}

contracts::Contract contract(std::string id, std::uint64_t committed, std::uint64_t ceiling) {
  contracts::Contract made;
  made.id = std::move(id);
  made.customer = "Example Trading";
  made.service = "ip";
  made.pop = "Tokyo";
  made.committed = BitsPerSecond{committed};
  made.ceiling = BitsPerSecond{ceiling};
  return made;
}

std::shared_ptr<const billing::BillingView> billing_of(const std::vector<std::string>& ids) {
  auto view = std::make_shared<billing::BillingView>();
  view->as_of = kStart;
  for (const std::string& id : ids) {
    billing::ContractView one{.subject = {.contract = id, .customer = "", .service = "ip"},
                              .pop = "Tokyo",
                              .terms = {.tiers = {}},
                              .completeness = billing::Share{750'000},
                              .state = billing::IntervalState::Partial,
                              .current = {},
                              .previous = billing::PeriodView{}};
    one.current.is_estimated = true;
    one.current.so_far.percentile = BitsPerSecond{1'000'000'001};
    one.current.low = BitsPerSecond{800'000'000};
    one.current.high = BitsPerSecond{4'000'000'000};
    one.current.so_far.burst_intervals_used = 310;
    one.current.so_far.burst_intervals_allowed = 432;
    one.previous->so_far.percentile = BitsPerSecond{2'000'000'000};
    one.previous->low = BitsPerSecond{1'999'999'992};
    one.previous->high = BitsPerSecond{2'000'000'008};
    one.previous->is_provisional = false;
    view->contracts.push_back(std::move(one));
  }
  std::sort(view->contracts.begin(), view->contracts.end(),
            [](const auto& a, const auto& b) { return a.subject.contract < b.subject.contract; });
  return view;
}

std::shared_ptr<const billing::BaselineView> baselines_of(std::vector<std::string> ids) {
  auto view = std::make_shared<billing::BaselineView>();
  view->as_of = kStart;
  std::sort(ids.begin(), ids.end());
  for (std::string& id : ids)
    view->contracts.push_back(
        {.contract = std::move(id),
         .directions = {
             .from_customer = {.levels = {.median = 400e6, .high = 800e6, .low = 600e6}},
             .to_customer = {.levels = {.median = 800e6, .high = 1'600e6, .low = 1'200e6},
                             .is_above = true}}});
  return view;
}

std::vector<std::string> lines_of(const prometheus::MetricSet& set, std::string_view name) {
  std::vector<std::string> lines;
  std::istringstream text(prometheus::render(set, prometheus::Format::Text));
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with(name)) continue;
    const char next = line.size() > name.size() ? line[name.size()] : ' ';
    if (next == '{' || next == ' ') lines.push_back(line);
  }
  return lines;
}

Verdict promtool_check(std::string_view text) {
  const ScratchFolder folder;
  std::ofstream(folder.path() / "metrics") << text;
  return run("promtool check metrics < '" + (folder.path() / "metrics").string() + "' 2>&1");
}

Verdict promtool_read_openmetrics(std::string_view text) {
  const ScratchFolder folder;
  std::ofstream file(folder.path() / "metrics");
  std::istringstream lines{std::string(text)};
  // Back-filling wants a time on every sample; a scrape has none.
  for (std::string line; std::getline(lines, line);) {
    file << line << (line.starts_with('#') ? "" : " 1714521600") << '\n';
  }
  file.close();
  return run("promtool tsdb create-blocks-from openmetrics '" +
             (folder.path() / "metrics").string() + "' '" + (folder.path() / "tsdb").string() +
             "' 2>&1");
}

billing::CapacityView full_view() {
  const auto dated = [](billing::CapacityLimit limit) {
    return billing::LimitForecast{.limit = limit,
                                  .reached_at = BitsPerSecond{800'000'000},
                                  .reason = std::nullopt,
                                  .early = kStart + TrafficSpan{1'000},
                                  .central = kStart + TrafficSpan{2'000},
                                  .late = kStart + TrafficSpan{3'000}};
  };
  const auto trend = [&](billing::CapacityLimit first, billing::CapacityLimit second) {
    return billing::CapacityTrend{.last = BitsPerSecond{600'000'000},
                                  .growth = 8'000'004,
                                  .forecasts = {dated(first), dated(second)}};
  };
  using Limit = billing::CapacityLimit;
  billing::CapacityView view{.made_at = kStart};
  view.contracts.push_back({.contract = "A", .trend = trend(Limit::Committed, Limit::Ceiling)});
  view.interfaces.push_back(
      {.exporter = "edge1.tyo",
       .interface = "512",
       .trend = {.last = BitsPerSecond{1'000'000}, .forecasts = {dated(Limit::Speed)}}});
  view.groups.push_back({.group = "tyo-osa",
                         .links = 4,
                         .trend = trend(Limit::Speed, Limit::OneDown),
                         .headroom = billing::Headroom{
                             .load = 0.5, .load_after_failure = 0.75, .allowed_load = 0.625}});
  view.services.push_back({.name = "ip", .from_customer = 1.5, .to_customer = 1.25});
  view.pops.push_back({.name = "Tokyo", .from_customer = 2, .to_customer = 1});
  return view;
}

std::unique_ptr<World> busy_world() {
  auto world = std::make_unique<World>(
      std::vector{contract("A", 1'000'000'000, 10'000'000'000), contract("B", 3'000'000'000, 0)});
  world->count(0, 0, Direction::ToCustomer, Family::Ipv4,
               {.bytes = 6'000, .packets = 6, .variance = 3'600}, kStart);
  world->close_until(kStart + TrafficSpan{60'000});
  core::ExporterCounters& counters = world->books[0]->of(ExporterId{0}, Protocol::Ipfix);
  counters.datagrams.add(1);
  counters.malformed[static_cast<std::size_t>(DecodeError::Truncated)].add(1);
  world->billing = billing_of({"A", "B"});
  world->baselines = baselines_of({"A", "B"});
  world->completeness = {{.exporter = ExporterId{0}, .protocol = Protocol::Ipfix, .ratio = 0.5}};
  world->pops = {{.ingress_pop = "Tokyo", .egress_pop = "Osaka", .bytes = 7}};
  world->capacity = std::make_shared<const billing::CapacityView>(full_view());
  counters.sampling_interval.set(1'000);
  counters.last_seen_ms.set(static_cast<std::uint64_t>(since_epoch_ms(kStart)));
  return world;
}

}  // namespace weir::test
