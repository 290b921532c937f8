#include "collector/app/check_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "collector/config/config_file.h"
#include "collector/config/values.h"
#include "collector/contracts/tier.h"

namespace weir::app {
namespace {

using config::Config;
using contracts::InterfaceRole;

constexpr std::array<std::pair<InterfaceRole, std::string_view>, 5> kRoles{
    {{InterfaceRole::Customer, "customer"},
     {InterfaceRole::Peer, "peer"},
     {InterfaceRole::Transit, "transit"},
     {InterfaceRole::Backbone, "backbone"},
     {InterfaceRole::Unknown, "without role"}}};

std::string counted(std::size_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

void print_listeners(const Config& config, std::FILE* out) {
  for (const auto& socket : config.udp)
    fmt::print(out, "listen      udp {} (receive buffer {} KiB)\n",
               config::format_endpoint(socket.endpoint), socket.receive_buffer_bytes / 1'024);
  for (const auto& stream : config.streams) {
    const std::string who = !stream.tls                     ? "plain"
                            : stream.tls->client_ca.empty() ? "any client"
                                                            : "clients of " + stream.tls->client_ca;
    fmt::print(out, "listen      {} {} ({})\n", stream.tls ? "tls" : "tcp",
               config::format_endpoint(stream.endpoint), who);
  }
  for (const auto& tap : config.pcap)
    fmt::print(out, "listen      pcap {} ({})\n", tap.device,
               tap.carries_packets ? fmt::format("packets of {}, 1 in {}", tap.exporter, tap.sample)
                                   : "export traffic");
  fmt::print(out, "workers     {}\n",
             config.workers == 0 ? "auto" : std::to_string(config.workers));
  fmt::print(out, "http        {}\n", config::format_endpoint(config.http.listen));
  if (config.remote_write)
    fmt::print(out, "push        {}://{} (queue {} KiB)\n",
               config.remote_write->target.is_tls ? "https" : "http",
               config.remote_write->target.host_field, config.remote_write->queue_bytes / 1'024);
  // Without the query, which may hold secrets.
  if (const auto& source = config.contracts_source)
    fmt::print(out, "import      {} every {} s\n", source->url.substr(0, source->url.find('?')),
               source->every.count());
}

void print_routers(const Config& config, std::FILE* out) {
  std::map<InterfaceRole, std::size_t> interfaces;
  for (const auto& router : config.exporters.routers)
    for (const auto& terms : router.interfaces) ++interfaces[terms.role];
  std::string roles;
  for (const auto& [role, name] : kRoles)
    if (const auto count = interfaces[role]; count != 0)
      roles += fmt::format("{}{} {}", roles.empty() ? "" : ", ", count, name);
  fmt::print(out, "routers     {}\n", config.exporters.routers.size());
  fmt::print(out, "interfaces  {}\n", roles.empty() ? "none described" : roles);
  if (!config.groups.empty()) {
    std::size_t links = 0;
    for (const auto& group : config.groups) links += group.links.size();
    fmt::print(out, "groups      {} of {}\n", config.groups.size(), counted(links, "link"));
  }
  fmt::print(out, "allow       {}\n",
             config.exporters.allow.empty()
                 ? "every source"
                 : fmt::format("the routers and {}",
                               counted(config.exporters.allow.size(), "source block")));
}

void print_contracts(const Config& config, std::FILE* out) {
  struct Sold {
    std::size_t contracts = 0;
    std::uint64_t bits_per_second = 0;
  };
  std::map<std::pair<std::string, contracts::Tier>, Sold> by_service;
  Sold all;
  for (const auto& contract : config.contracts) {
    Sold& sold = by_service[{contract.service, contracts::tier_of(contract.committed)}];
    for (Sold* sum : {&sold, &all}) {
      ++sum->contracts;
      sum->bits_per_second += contract.committed.value();
    }
  }
  const auto rate = [](const Sold& sold) {
    return config::format_rate(BitsPerSecond{sold.bits_per_second});
  };
  fmt::print(out, "contracts   {}, {} committed\n", all.contracts, rate(all));
  for (const auto& [key, sold] : by_service)
    fmt::print(out, "  {:<16} {:<8} {:>6} {:>14}\n", key.first.empty() ? "(no service)" : key.first,
               contracts::tier_name(key.second), sold.contracts, rate(sold));
}

void print_accounting(const Config& config, std::FILE* out) {
  const auto& accounting = config.accounting;
  fmt::print(out, "layer       {}\n", layer_name(accounting.layer));
  fmt::print(out, "bucket      {}s\n", accounting.bucket.count());
  fmt::print(out, "lateness    {}\n",
             accounting.lateness ? fmt::format("{}s", accounting.lateness->count()) : "auto");
}

}  // namespace

int run_check(const std::string& path, std::FILE* out, std::FILE* err) {
  const config::Loaded loaded = config::load(path);
  for (const auto& problem : loaded.problems) fmt::print(err, "{}\n", config::to_string(problem));
  const auto warnings = static_cast<std::size_t>(std::count_if(
      loaded.problems.begin(), loaded.problems.end(),
      [](const auto& problem) { return problem.severity == config::Severity::Warning; }));
  if (!loaded.config) {
    fmt::print(err, "{}: {}, {}\n", path, counted(loaded.problems.size() - warnings, "error"),
               counted(warnings, "warning"));
    return 2;
  }
  print_listeners(*loaded.config, out);
  print_routers(*loaded.config, out);
  print_accounting(*loaded.config, out);
  print_contracts(*loaded.config, out);
  fmt::print(out, "{}: good, {}\n", path, counted(warnings, "warning"));
  return 0;
}

}  // namespace weir::app
