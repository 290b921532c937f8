#include "collector/config/config_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "collector/config/values.h"
#include "tests/support/config_files.h"

namespace weir::config {
namespace {

using contracts::InterfaceRole;
using Lines = std::vector<std::string>;

constexpr std::string_view kContracts =
    "- {id: A, committed: 1G, attach: [{exporter: edge1.tyo, interface: 512}]}\n";

constexpr std::string_view kFull = R"(listen:
  - {udp: "0.0.0.0:2055", receive_buffer: 4M}
  - {udp: "[::]:6343"}
  - {tcp: "0.0.0.0:2055"}
  - {tls: "[::]:4740", certificate: own.pem, key: /etc/weir/own.key, client_ca: tls/ca.pem}
  - {pcap: {device: mirror0, carries: export}}
  - {pcap: {device: span0, carries: packets, sample: 1000, exporter: edge1.tyo, filter: "not arp"}}
workers: 4
exporters:
  allow: [192.0.2.0/24, "2001:db8::/32"]
  relays: [192.0.2.250]
  sampling: {default: 1000, force: 2000}
  routers:
    - address: 192.0.2.1
      name: edge1.tyo
      pop: Tokyo
      sampling: 512
      interfaces:
        - {index: 512, name: et-0/0/1, speed: 10G, role: customer, tagged: true}
        - {index: 513}
    - {address: "2001:db8::1", sampling: unsampled}
accounting: {layer: wire, bucket: 30s, lateness: 2m, largest_packet: 9000, clock_skew_limit: 1m,
             active_timeout: 90s}
contracts: contracts.yaml
ledger: {url: "sqlite:/srv/weir.db", close_after: 10d}
state: /srv/weir
http: {listen: "0.0.0.0:9000", insecure: true}
metrics: {customer_names: true}
)";

/// Loads `text` beside a good contracts file; problems come without the folder's name.
struct Outcome {
  std::optional<Config> config;
  Lines problems;
};

Outcome outcome(std::string_view text, std::string_view contracts = kContracts) {
  const test::ConfigFiles files;
  files.write("contracts.yaml", contracts);
  Loaded loaded = load(files.write("weir.yaml", text));
  Outcome result{std::move(loaded.config), {}};
  const std::string folder = files.path("");
  for (const Problem& problem : loaded.problems) {
    std::string line = to_string(problem);
    if (line.starts_with(folder)) line.erase(0, folder.size());
    result.problems.push_back(std::move(line));
  }
  return result;
}

Lines told(std::string_view text) {
  const auto result = outcome(std::string(text) + "\ncontracts: contracts.yaml\n");
  EXPECT_FALSE(result.config.has_value());
  return result.problems;
}

constexpr std::string_view kRouter =
    "exporters: {routers: [{address: 192.0.2.1, name: edge1.tyo}]}\n";

/// As told(), for a file that has the router the contracts need in its first line.
Lines told_with_router(std::string_view text) {
  return told(std::string(kRouter) + std::string(text));
}

TEST(ConfigFile, ReadsEverySetting) {
  const auto result = outcome(kFull);
  EXPECT_EQ(result.problems, Lines{});
  ASSERT_TRUE(result.config);
  const Config& config = *result.config;
  ASSERT_EQ(config.udp.size(), 2U);
  EXPECT_EQ(format_endpoint(config.udp[0].endpoint), "0.0.0.0:2055");
  EXPECT_EQ(config.udp[0].receive_buffer_bytes, 4'194'304U);
  EXPECT_EQ(format_endpoint(config.udp[1].endpoint), "[::]:6343");
  EXPECT_EQ(config.udp[1].receive_buffer_bytes, 33'554'432U);
  ASSERT_EQ(config.streams.size(), 2U);
  EXPECT_EQ(format_endpoint(config.streams[0].endpoint), "0.0.0.0:2055");
  EXPECT_FALSE(config.streams[0].tls);
  EXPECT_EQ(format_endpoint(config.streams[1].endpoint), "[::]:4740");
  ASSERT_TRUE(config.streams[1].tls);
  // Beside the configuration, unless named from the root.
  const auto folder = std::filesystem::path(config.path).parent_path();
  EXPECT_EQ(config.streams[1].tls->certificate, (folder / "own.pem").string());
  EXPECT_EQ(config.streams[1].tls->key, "/etc/weir/own.key");
  EXPECT_EQ(config.streams[1].tls->client_ca, (folder / "tls/ca.pem").string());
  ASSERT_EQ(config.pcap.size(), 2U);
  EXPECT_EQ(config.pcap[0].device, "mirror0");
  EXPECT_FALSE(config.pcap[0].carries_packets);
  EXPECT_EQ(config.pcap[1].device, "span0");
  EXPECT_TRUE(config.pcap[1].carries_packets);
  EXPECT_EQ(config.pcap[1].sample, 1'000U);
  EXPECT_EQ(config.pcap[1].exporter, "edge1.tyo");
  EXPECT_EQ(config.pcap[1].filter, "not arp");
  EXPECT_EQ(config.workers, 4U);
  ASSERT_EQ(config.exporters.allow.size(), 2U);
  EXPECT_EQ(config.exporters.allow[1].to_string(), "2001:db8::/32");
  ASSERT_EQ(config.exporters.relays.size(), 1U);
  EXPECT_EQ(config.exporters.relays[0].to_string(), "192.0.2.250");
  EXPECT_EQ(config.exporters.sampling.default_interval, 1'000U);
  EXPECT_EQ(config.exporters.sampling.force_interval, 2'000U);
  ASSERT_EQ(config.exporters.routers.size(), 2U);
  const Router& first = config.exporters.routers[0];
  EXPECT_EQ(first.address.to_string(), "192.0.2.1");
  EXPECT_EQ(first.name, "edge1.tyo");
  EXPECT_EQ(first.pop, "Tokyo");
  EXPECT_EQ(first.line, 14U);
  ASSERT_TRUE(first.sampling);
  EXPECT_EQ(first.sampling->default_interval, 512U);
  EXPECT_EQ(first.sampling->force_interval, 0U);
  ASSERT_EQ(first.interfaces.size(), 2U);
  EXPECT_EQ(first.interfaces[0].index, 512U);
  EXPECT_EQ(first.interfaces[0].name, "et-0/0/1");
  EXPECT_EQ(first.interfaces[0].speed, BitsPerSecond{10'000'000'000});
  EXPECT_EQ(first.interfaces[0].role, InterfaceRole::Customer);
  EXPECT_TRUE(first.interfaces[0].tagged);
  EXPECT_EQ(first.interfaces[1].role, InterfaceRole::Unknown);
  EXPECT_FALSE(first.interfaces[1].tagged);
  const Router& second = config.exporters.routers[1];
  EXPECT_EQ(second.name, "2001:db8::1");
  ASSERT_TRUE(second.sampling);
  EXPECT_EQ(second.sampling->default_interval, 1U);
  EXPECT_EQ(config.accounting.layer, Layer::Wire);
  EXPECT_EQ(config.accounting.bucket, std::chrono::seconds{30});
  EXPECT_EQ(config.accounting.lateness, std::chrono::seconds{120});
  EXPECT_EQ(config.accounting.largest_packet_bytes, 9'000U);
  EXPECT_EQ(config.accounting.clock_skew_limit, std::chrono::seconds{60});
  EXPECT_EQ(config.accounting.active_timeout, std::chrono::seconds{90});
  ASSERT_EQ(config.contracts.size(), 1U);
  EXPECT_EQ(config.contracts[0].id, "A");
  EXPECT_EQ(config.ledger_url, "sqlite:/srv/weir.db");
  EXPECT_EQ(config.ledger_close_after, std::chrono::hours{240});
  EXPECT_EQ(config.state_directory, "/srv/weir");
  EXPECT_EQ(format_endpoint(config.http.listen), "0.0.0.0:9000");
  EXPECT_TRUE(config.http.insecure);
  EXPECT_TRUE(config.customer_names_in_metrics);
}

TEST(ConfigFile, EverySettingButTheContractsHasADefault) {
  const auto result =
      outcome("contracts: contracts.yaml\n", "- {id: A, committed: 1G, attach: [{as: 1}]}\n");
  EXPECT_EQ(result.problems.size(), 1U);  // no roles
  ASSERT_TRUE(result.config);
  const Config& config = *result.config;
  ASSERT_EQ(config.udp.size(), 3U);
  EXPECT_EQ(format_endpoint(config.udp[0].endpoint), "0.0.0.0:2055");
  EXPECT_EQ(format_endpoint(config.udp[1].endpoint), "0.0.0.0:4739");
  EXPECT_EQ(format_endpoint(config.udp[2].endpoint), "0.0.0.0:6343");
  EXPECT_EQ(config.workers, 0U);
  EXPECT_EQ(config.accounting.layer, Layer::Ethernet);
  EXPECT_EQ(config.accounting.bucket, std::chrono::seconds{10});
  EXPECT_EQ(config.accounting.lateness, std::nullopt);
  EXPECT_EQ(format_endpoint(config.http.listen), "127.0.0.1:10055");
  EXPECT_FALSE(config.customer_names_in_metrics);
}

TEST(ConfigFile, TheContractsAreNeeded) {
  const auto result = outcome("workers: auto\n");
  EXPECT_EQ(result.problems, Lines{"weir.yaml:1:1: error: the configuration names no `contracts`; "
                                   "write `contracts: contracts.yaml`, or a .csv file"});
  EXPECT_FALSE(result.config.has_value());
}

TEST(ConfigFile, AnUnknownKeyIsToldWithTheNearest) {
  EXPECT_EQ(told_with_router("worker: 2"),
            Lines{"weir.yaml:2:1: error: unknown key `worker` in the configuration; did you mean "
                  "`workers`?"});
}

TEST(ConfigFile, AWrongLayerIsToldTheLayers) {
  EXPECT_EQ(told_with_router("accounting: {layer: tin}"),
            Lines{"weir.yaml:2:21: error: `layer`: `tin` is not one of ip, ethernet, wire; "
                  "write one of these"});
}

TEST(ConfigFile, ASyntaxErrorIsToldWithItsLine) {
  const auto problems = told("workers: 2\nexporters: [");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].substr(0, 10), "weir.yaml:");
  EXPECT_NE(problems[0].find("not YAML"), std::string::npos);
}

TEST(ConfigFile, AFileThatIsNotThereIsNamed) {
  const test::ConfigFiles files;
  const auto loaded = load(files.path("none.yaml"));
  ASSERT_EQ(loaded.problems.size(), 1U);
  EXPECT_EQ(to_string(loaded.problems[0]),
            files.path("none.yaml") +
                ": error: cannot read the file: No such file or directory; name a file that exists "
                "and that this user may read");
  EXPECT_FALSE(loaded.config.has_value());
}

TEST(ConfigFile, AContractsFileThatIsNotThereIsNamed) {
  const auto result = outcome("contracts: none.yaml\n");
  EXPECT_EQ(result.problems, Lines{"none.yaml: error: cannot read the file: No such file or "
                                   "directory; name a file that exists and that this user may "
                                   "read"});
}

TEST(ConfigFile, WhatIsWrongWithTcpListenersIsTold) {
  EXPECT_EQ(
      told_with_router("listen:\n"
                       "  - {tcp: \"0.0.0.0:1\", tls: \"0.0.0.0:2\"}\n"
                       "  - {tcp: \"0.0.0.0:1\", certificate: a.pem, receive_buffer: 1M}\n"
                       "  - {tls: \"0.0.0.0:1\", certificate: a.pem, client_ca: c.pem}\n"
                       "  - {tls: \"0.0.0.0\", certificate: \"\", key: a.key, client_ca: c.pem}\n"
                       "  - {tls: \"0.0.0.0:0\", certificate: a.pem, keys: a.key}\n"
                       "  - {udp: \"0.0.0.0:1\", client_ca: c.pem}\n"
                       "  - {receive_buffer: 1M}"),
      (Lines{
          "weir.yaml:3:5: error: a listener is one of `udp`, `tcp`, `tls` and `pcap`; write {udp: "
          "\"0.0.0.0:2055\"} or {pcap: {device: NAME}}",
          "weir.yaml:4:37: error: `certificate` belongs to `tls`; remove it",
          "weir.yaml:4:60: error: `receive_buffer` belongs to `udp`; remove it",
          "weir.yaml:5:11: error: `tls` has no `key`; name the PEM file of this collector's own",
          "weir.yaml:5:11: error: 0.0.0.0:1 is listened on twice, first on line 4; keep one of the "
          "two",
          "weir.yaml:6:11: error: `tls`: `0.0.0.0` is not an address and port; write them such as "
          "0.0.0.0:2055 or [::]:2055",
          "weir.yaml:6:35: error: `certificate`: the path is empty; write one",
          "weir.yaml:7:11: error: `tls` has no `key`; name the PEM file of this collector's own",
          "weir.yaml:7:11: warning: any client may connect: `tls` has no `client_ca`; name the PEM "
          "file of the authority that signs the routers' certificates",
          "weir.yaml:7:44: error: unknown key `keys` in a listener; did you mean `key`?",
          "weir.yaml:8:35: error: `client_ca` belongs to `tls`; remove it",
          "weir.yaml:9:5: error: a listener is one of `udp`, `tcp`, `tls` and `pcap`; write {udp: "
          "\"0.0.0.0:2055\"} or {pcap: {device: NAME}}",
      }));
}

TEST(ConfigFile, AllProblemsAreToldAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(
      told_with_router("listen:\n"
                       "  - {udp: 2055}\n"
                       "  - {udp: \"0.0.0.0:1\", pcap: {device: a}}\n"
                       "  - {pcap: {device: a, carries: packets, exporter: edge2.tyo}}\n"
                       "  - {pcap: {device: a, sample: 5}}\n"
                       "  - {udp: \"0.0.0.0:1\"}\n"
                       "  - {udp: \"0.0.0.0:1\"}\n"
                       "workers: 010\n"
                       "accounting: {bucket: 7s, lateness: 10}\n"
                       "http: {listen: \"0.0.0.0:80\", insecure: yes}\n"
                       "metrics: on\n"
                       "state: [a]\n"
                       "workers: 3"),
      (Lines{
          "weir.yaml:3:11: error: `udp`: `2055` is not an address and port; write them such as "
          "0.0.0.0:2055 or [::]:2055",
          "weir.yaml:4:5: error: a listener is one of `udp`, `tcp`, `tls` and `pcap`; write {udp: "
          "\"0.0.0.0:2055\"} or {pcap: {device: NAME}}",
          "weir.yaml:5:52: error: there is no router `edge2.tyo`; did you mean `edge1.tyo`?",
          "weir.yaml:6:32: error: `sample` needs `carries: packets`; remove it; export traffic "
          "tells its own exporter and sampling",
          "weir.yaml:8:11: error: 0.0.0.0:1 is listened on twice, first on line 7; keep one of the "
          "two; `workers` spreads the load",
          "weir.yaml:9:10: error: `workers`: `010` looks like an octal number; write auto, or 1 to "
          "64",
          "weir.yaml:10:22: error: `bucket`: `7s` does not divide the ledger's 300 seconds; write "
          "1s, 2s, 5s, 10s, 15s, 20s, 30s, 60s, 100s, 150s or 300s",
          "weir.yaml:10:36: error: `lateness`: `10` is not a duration; write a number and a unit "
          "such as 10s, 2m or 1h, or auto",
          "weir.yaml:11:16: error: 0.0.0.0:80 is open to others without authentication; listen on "
          "127.0.0.1, or write `insecure: true` beside it",
          "weir.yaml:11:40: error: `insecure`: `yes` is not a truth value; write true",
          "weir.yaml:12:10: error: `metrics` is a single value, not a mapping; write `key: value` "
          "with keys of: customer_names",
          "weir.yaml:13:8: error: `state` is a list, not a single value; write `state: value`",
          "weir.yaml:14:1: error: key `workers` is given twice, first on line 9; keep one of the "
          "two"}));
}

TEST(ConfigFile, RoutersAndInterfacesStandOnce) {
  EXPECT_EQ(
      told("exporters:\n"
           "  sampling: 0\n"
           "  routers:\n"
           "    - {address: 192.0.2.1, name: edge1.tyo}\n"
           "    - {address: 192.0.2.1, name: edge1.tyo}\n"
           "    - {name: c}\n"
           "    - address: 192.0.2.4\n"
           "      interfaces: [{index: 1, name: a}, {index: 1, name: a}, {role: peer}, "
           "{index: 2, role: edge}]\n"),
      (Lines{"weir.yaml:2:13: error: `sampling`: `0` is out of range; write N of \"1 packet in "
             "N\" such as 1000, or unsampled",
             "weir.yaml:5:7: error: address 192.0.2.1 is given twice, first on line 4; keep one "
             "of the two",
             "weir.yaml:5:7: error: router name edge1.tyo is given twice, first on line 4; keep "
             "one of the two",
             "weir.yaml:6:7: error: the router has no `address`; write the address its export "
             "comes from",
             "weir.yaml:8:41: error: interface index 1 is given twice, first on line 8; keep one "
             "of the two",
             "weir.yaml:8:41: error: interface name a is given twice, first on line 8; keep one "
             "of the two",
             "weir.yaml:8:62: error: the interface has neither `index` nor `name`; write its SNMP "
             "ifIndex, which flow records carry, or the name that the router announces",
             "weir.yaml:8:93: error: `role`: `edge` is not one of customer, peer, transit, "
             "backbone; write one of these"}));
}

TEST(ConfigFile, AnInterfaceMayBeGivenByTheNameThatItsRouterAnnounces) {
  std::string text(kFull);
  text.replace(text.find("{index: 513}"), 12, "{name: ae1, role: peer}\n        - {name: ae2}");
  const Outcome result = outcome(text);
  EXPECT_EQ(result.problems, Lines{});
  ASSERT_TRUE(result.config);
  const auto& interfaces = result.config->exporters.routers.at(0).interfaces;
  ASSERT_EQ(interfaces.size(), 3U);
  EXPECT_EQ(interfaces[1],
            (contracts::InterfaceTerms{.index = 0, .name = "ae1", .role = InterfaceRole::Peer}));
  EXPECT_EQ(interfaces[2], (contracts::InterfaceTerms{.index = 0, .name = "ae2"}));
}

TEST(ConfigFile, WhatIsNotBuiltIsNotSilentlyIgnored) {
  EXPECT_EQ(
      told_with_router("http: {listen: \"127.0.0.1:80\", web_config: web.yaml}\n"
                       "kafka: {brokers: a}\n"
                       "ledger: {url: \"mysql://a\"}\n"),
      (Lines{"weir.yaml:2:44: error: `web_config` is not available in this version; remove it",
             "weir.yaml:3:8: error: `kafka` is not available in this version; remove it",
             "weir.yaml:4:15: error: `url`: `mysql://a` is not the URL of a ledger; write "
             "sqlite:FILE or postgresql://HOST/DATABASE, or none"}));
}

TEST(ConfigFile, RemoteWriteIsReadWithEveryKey) {
  const Outcome result =
      outcome(std::string(kRouter) +
              "contracts: contracts.yaml\n"
              "remote_write:\n"
              "  url: \"https://[2001:db8::1]:8443/api/v1/write?tenant=a\"\n"
              "  queue: 256M\n"
              "  timeout: 30s\n"
              "  basic_auth: {username: weir, password_file: /etc/weir/password}\n"
              "  ca_file: /etc/weir/ca.pem\n"
              "  headers: {X-Scope-OrgID: noc}\n"
              "  external_labels: {job: flow, site: tyo}\n");
  EXPECT_EQ(result.problems, Lines{});
  ASSERT_TRUE(result.config && result.config->remote_write);
  const RemoteWrite& remote = *result.config->remote_write;
  EXPECT_TRUE(remote.target.is_tls);
  EXPECT_EQ(remote.target.host, "2001:db8::1");
  EXPECT_EQ(remote.target.port, "8443");
  EXPECT_EQ(remote.target.host_field, "[2001:db8::1]:8443");
  EXPECT_EQ(remote.target.path, "/api/v1/write?tenant=a");
  EXPECT_EQ(remote.queue_bytes, 256U << 20);
  EXPECT_EQ(remote.timeout, std::chrono::seconds{30});
  EXPECT_EQ(remote.user, "weir");
  EXPECT_EQ(remote.password_file, "/etc/weir/password");
  EXPECT_EQ(remote.ca_file, "/etc/weir/ca.pem");
  EXPECT_EQ(remote.bearer_token_file, "");
  EXPECT_EQ(remote.headers, (std::map<std::string, std::string>{{"X-Scope-OrgID", "noc"}}));
  EXPECT_EQ(remote.external_labels,
            (std::map<std::string, std::string>{{"job", "flow"}, {"site", "tyo"}}));
}

TEST(ConfigFile, RemoteWriteHasDefaultsForAllButItsUrl) {
  const Outcome result =
      outcome(std::string(kRouter) +
              "contracts: contracts.yaml\nremote_write: {url: \"http://127.0.0.1\"}\n");
  EXPECT_EQ(result.problems, Lines{});
  const RemoteWrite& remote = result.config.value().remote_write.value();
  EXPECT_FALSE(remote.target.is_tls);
  EXPECT_EQ(remote.target.port, "80");
  EXPECT_EQ(remote.target.path, "/");
  EXPECT_EQ(remote.queue_bytes, 64U << 20);
  EXPECT_EQ(remote.timeout, std::chrono::seconds{10});
}

TEST(ConfigFile, RemoteWriteThatWouldNotWorkIsTold) {
  EXPECT_EQ(
      outcome(std::string(kRouter) + "contracts: contracts.yaml\n"
                                     "remote_write:\n"
                                     "  url: \"http://a:b@metrics.example/\"\n"
                                     "  queue: 1K\n"
                                     "  bearer_token_file: token\n"
                                     "  basic_auth: {username: \"a:b\"}\n"
                                     "  headers: {Authorization: a}\n"
                                     "  external_labels: {contract: a, __name__: b, 1a: c}\n")
          .problems,
      (Lines{"weir.yaml:4:8: error: `url`: the URL holds a user name, and would be shown in logs; "
             "write basic_auth: {username: NAME, password_file: FILE} beside `url`",
             "weir.yaml:5:10: error: `queue` holds less than a bucket may need; write 1M or more",
             "weir.yaml:7:15: error: `basic_auth` has no `password_file`; write username and "
             "password_file",
             "weir.yaml:7:15: error: `basic_auth` and `bearer_token_file` are two ways to sign in; "
             "keep one of the two",
             "weir.yaml:7:26: error: `username`: a user name has no colon; write it without",
             "weir.yaml:8:13: error: `headers`: the header `Authorization` is Weir's own; remove "
             "it; secrets stand in basic_auth or bearer_token_file",
             "weir.yaml:9:21: error: `external_labels`: `contract` is a label that Weir gives "
             "itself; choose another name",
             "weir.yaml:9:34: error: `external_labels`: `__name__` is not the name of a label; "
             "use letters, digits and _, and begin with a letter",
             "weir.yaml:9:47: error: `external_labels`: `1a` is not the name of a label; use "
             "letters, digits and _, and begin with a letter"}));
  EXPECT_EQ(outcome(std::string(kRouter) +
                    "contracts: contracts.yaml\n"
                    "remote_write: {url: \"http://metrics.example\", bearer_token_file: token}\n")
                .problems,
            (Lines{"weir.yaml:3:21: warning: the secret of `remote_write` goes in clear text; use "
                   "https://"}));
  for (const std::string url : {"ftp://a", "http://", "http://a:0/", "http://[::1/", "http://a b/",
                                "http://a/#b", "https://[x]/", "http://a:99999"})
    EXPECT_EQ(outcome(std::string(kRouter)
                          .append("contracts: contracts.yaml\nremote_write: {url: \"")
                          .append(url)
                          .append("\"}\n"))
                  .problems.size(),
              1U)
        << url;
}

TEST(ConfigFile, ContractsSourceIsReadWithEveryKey) {
  const Outcome result = outcome(std::string(kRouter) +
                                 "contracts: contracts.yaml\n"
                                 "contracts_source:\n"
                                 "  url: \"https://crm.example/list?all=1\"\n"
                                 "  every: 1h\n"
                                 "  format: csv\n"
                                 "  header_file: /etc/weir/headers\n"
                                 "  ca_file: /etc/weir/ca.pem\n"
                                 "  allow_removals: 25\n"
                                 "  timeout: 5m\n");
  EXPECT_EQ(result.problems, Lines{});
  ContractsSource source;
  source.url = "https://crm.example/list?all=1";
  source.every = std::chrono::hours{1};
  source.format = ContractFormat::Csv;
  source.header_file = "/etc/weir/headers";
  source.ca_file = "/etc/weir/ca.pem";
  source.allow_removals = {25, RemovalLimit::Unit::Contracts};
  source.timeout = std::chrono::minutes{5};
  EXPECT_EQ(result.config.value().contracts_source, source);
}

TEST(ConfigFile, ContractsSourceHasDefaultsForAllButItsUrl) {
  const Outcome result =
      outcome(std::string(kRouter) +
              "contracts: contracts.yaml\ncontracts_source: {url: \"http://127.0.0.1/c.json\"}\n");
  EXPECT_EQ(result.problems, Lines{});
  const ContractsSource& source = result.config.value().contracts_source.value();
  EXPECT_EQ(source.every, std::chrono::minutes{15});
  EXPECT_EQ(source.timeout, std::chrono::seconds{60});
  EXPECT_EQ(source.format, std::nullopt);
  EXPECT_EQ(source.allow_removals, (RemovalLimit{10, RemovalLimit::Unit::Percent}));
  EXPECT_EQ(
      outcome(std::string(kRouter) + "contracts: contracts.yaml\n").config.value().contracts_source,
      std::nullopt);
}

TEST(ConfigFile, ContractsSourceThatWouldNotWorkIsTold) {
  EXPECT_EQ(
      outcome(std::string(kRouter) + "contracts: contracts.yaml\n"
                                     "contracts_source:\n"
                                     "  url: \"http://a:b@crm.example/\"\n"
                                     "  every: 0s\n"
                                     "  format: xml\n"
                                     "  allow_removals: some\n"
                                     "  timeout: 11m\n"
                                     "  headers: {X-Who: weir}\n")
          .problems,
      (Lines{"weir.yaml:4:8: error: `url`: the URL holds a user name, and would be shown in logs; "
             "send credentials as headers of `header_file`",
             "weir.yaml:5:10: error: `every`: `0s` is out of range; write a duration from 1s to "
             "86400s",
             "weir.yaml:6:11: error: `format`: `xml` is not one of csv, json, yaml; write one of "
             "these",
             "weir.yaml:7:19: error: `allow_removals`: `some` does not say how many contracts may "
             "vanish; write a number of contracts, a share such as 10%, or all",
             "weir.yaml:8:12: error: `timeout`: `11m` is out of range; write a duration from 1s to "
             "600s",
             "weir.yaml:9:3: error: unknown key `headers` in `contracts_source`; write one of: "
             "url, every, "
             "format, header_file, ca_file, allow_removals, timeout"}));
  EXPECT_EQ(outcome(std::string(kRouter) + "contracts: contracts.yaml\n"
                                           "contracts_source: {every: 1h}\n")
                .problems,
            (Lines{"weir.yaml:3:19: error: `contracts_source` has no `url`; write where the "
                   "contracts are, such as https://crm.example/contracts.json"}));
  EXPECT_EQ(outcome(std::string(kRouter) +
                    "contracts: contracts.yaml\n"
                    "contracts_source: {url: \"http://crm.example\", header_file: secret}\n")
                .problems,
            (Lines{"weir.yaml:3:25: warning: the headers of `contracts_source` go in clear text; "
                   "use https://"}));
}

TEST(ConfigFile, ALedgerIsKeptForMonthsOrDays) {
  const auto kept = [](const std::string& ledger) {
    return outcome(std::string(kRouter) + "contracts: contracts.yaml\nledger: " + ledger + "\n");
  };
  EXPECT_EQ(kept("{url: \"sqlite:a.db\"}").config->ledger_retention_days, 434U);
  EXPECT_EQ(kept("{retention: 24mo}").config->ledger_retention_days, 744U);
  EXPECT_EQ(kept("{retention: 400d}").config->ledger_retention_days, 400U);
  EXPECT_EQ(kept("{url: none}").config->ledger_url, "none");
  for (const char* const wrong : {"14", "mo", "1mo", "61d", "14months", "99999999999999999999d"})
    EXPECT_FALSE(kept(std::string("{retention: ") + wrong + "}").config) << wrong;
}

TEST(ConfigFile, WarningsDoNotRefuse) {
  const auto result = outcome(std::string(kRouter) + "contracts: contracts.yaml\n",
                              "- {id: A, committed: 1G, attach: [{as: 1}]}\n"
                              "- {id: B, committed: 1G, attach: [{as: 1}]}\n");
  EXPECT_EQ(result.problems.size(), 2U);
  EXPECT_TRUE(result.config.has_value());
}

TEST(ConfigFile, ARouterWithAWrongAddressIsStillKnownToTheContracts) {
  EXPECT_EQ(told("exporters: {routers: [{address: 192.0.2, name: edge1.tyo}]}"),
            Lines{"weir.yaml:1:33: error: `address`: `192.0.2` is not an IP address; write an "
                  "address such as 192.0.2.1 or 2001:db8::1"});
}

}  // namespace
}  // namespace weir::config
