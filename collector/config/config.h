#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "collector/contracts/contract.h"
#include "collector/contracts/contract_table.h"
#include "collector/model/ip_address.h"
#include "collector/model/layer.h"
#include "collector/model/units.h"

namespace weir::config {

/// An address and port to listen on. Port 0 asks the system for a free one.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
};

/// `{udp: "0.0.0.0:2055"}`
struct UdpListen {
  Endpoint endpoint;
  std::uint32_t receive_buffer_bytes =
      33'554'432;  ///< asked of the kernel; what it grants is reported
};

/// PEM files of a `tls` listener, resolved from the configuration's folder.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string client_ca;  ///< empty: clients need no certificate
};

/// `{tcp: "0.0.0.0:4739"}`, or
/// `{tls: "0.0.0.0:4740", certificate: FILE, key: FILE, client_ca: FILE}`
struct StreamListen {
  Endpoint endpoint;
  std::optional<TlsFiles> tls;
};

/// `{pcap: {device: mirror0, carries: export|packets, sample: N, exporter: NAME, filter: TEXT}}`
struct PcapListen {
  std::string device;
  bool carries_packets = false;  ///< false: export traffic as if received here
  std::uint32_t sample = 1;      ///< packets only: 1 in N is metered
  std::string exporter;          ///< packets only: router name the records belong to
  std::string filter;            ///< BPF text, empty: "udp" for export, everything for packets
};

/// The operator's word on sampling. `sampling: 1000` is `{default: 1000}`;
/// `sampling: unsampled` is `{default: 1}`.
struct SamplingTerms {
  std::uint32_t default_interval = 0;  ///< used where the exporter says nothing; 0 = none
  std::uint32_t force_interval = 0;    ///< used whatever the exporter says; 0 = none
};

struct Router {
  IpAddress address;
  std::string name;  ///< the address as text if not given
  std::string pop;
  std::optional<SamplingTerms> sampling;  ///< overrides Exporters::sampling
  std::vector<contracts::InterfaceTerms> interfaces;
  std::uint32_t line = 0;
};

struct Exporters {
  std::vector<IpPrefix> allow;    ///< empty: every source
  std::vector<IpAddress> relays;  ///< sFlow relays: there the agent address is the exporter
  SamplingTerms sampling;         ///< for routers that say nothing of their own
  std::vector<Router> routers;
};

struct Accounting {
  Layer layer = Layer::Ethernet;
  std::chrono::seconds bucket{10};               ///< divides 300
  std::optional<std::chrono::seconds> lateness;  ///< nullopt: auto
  std::uint32_t largest_packet_bytes = 1'500;    ///< b_max of the variance of flow records
  std::chrono::seconds clock_skew_limit{
      30};  ///< beyond it an exporter's times are rebased on arrival
  /// What exporters are configured to; flows that are longer by more than a minute are counted.
  std::chrono::seconds active_timeout{60};
};

struct Http {
  Endpoint listen{IpAddress::v4(0x7f00'0001), 10'055};
  bool insecure = false;   ///< needed to listen beyond loopback without authentication
  std::string web_config;  ///< path; empty: none
};

/// `ledger: {url: none}`: intervals are kept nowhere.
inline constexpr std::string_view kNoLedger = "none";
/// 14 months of up to 31 days: a year and what is under dispute.
inline constexpr std::uint32_t kUsualRetentionDays = 434;
/// One link of a group, an interface of a router that the configuration describes.
struct GroupLink {
  std::string exporter;                                ///< the router's name
  std::variant<std::uint32_t, std::string> interface;  ///< ifIndex or name
};

/// `{name: tyo-osa, links: [{exporter: edge1.tyo, interface: 512}, ...]}`: links that stand in
/// for one another (docs/capacity.md).
struct LinkGroup {
  std::string name;
  std::vector<GroupLink> links;
  std::uint32_t line = 0;
};

/// How traffic is taken to grow in forecasts.
enum class Growth : std::uint8_t { Linear, Exponential };

/// `capacity: {threshold: 80%, target: 90%, growth: linear}`
struct Capacity {
  std::uint32_t threshold_percent = 80;  ///< of a rate or speed: reached there
  std::uint32_t target_percent = 90;     ///< most load of a group with one link down
  Growth growth = Growth::Linear;
};

/// `baseline: {k: 6, intervals: 3, weeks: 6, floor: 10M, except: [IP-000123]}`: when a contract
/// carries more than usual (docs/monitoring.md).
struct Baseline {
  std::uint32_t k = 6;          ///< deviations above the median
  std::uint32_t intervals = 3;  ///< in a row, to raise the alarm
  std::uint32_t weeks = 6;      ///< that are looked at
  BitsPerSecond floor{10'000'000};
  std::vector<std::string> except;  ///< contracts without a baseline; sorted

  friend bool operator==(const Baseline&, const Baseline&) = default;
};

/// An http:// or https:// URL, taken apart.
struct HttpTarget {
  bool is_tls = false;
  std::string host;        ///< name or address, without brackets
  std::string port;        ///< the scheme's own if none is written
  std::string host_field;  ///< as the Host header names it
  std::string path = "/";  ///< with its query

  friend bool operator==(const HttpTarget&, const HttpTarget&) = default;
};

/// `remote_write: {url: "https://metrics.example/api/v1/write", ...}`. Paths are resolved from
/// the configuration's folder.
struct RemoteWrite {
  HttpTarget target;
  std::uint32_t queue_bytes = 67'108'864;  ///< of samples that wait
  std::chrono::seconds timeout{10};        ///< of one request
  std::string bearer_token_file;           ///< empty: none
  std::string user;                        ///< of basic_auth; empty: none
  std::string password_file;
  std::string ca_file;                                 ///< PEM; empty: the system's authorities
  std::map<std::string, std::string> headers;          ///< sent besides
  std::map<std::string, std::string> external_labels;  ///< of every series; before job and instance

  friend bool operator==(const RemoteWrite&, const RemoteWrite&) = default;
};

/// How contracts are written in a file or by a server.
enum class ContractFormat : std::uint8_t { Csv, Json, Yaml };

/// How many of the contracts an import may take away: a source that was cut short looks like
/// customers who left.
struct RemovalLimit {
  enum class Unit : std::uint8_t { Contracts, Percent };
  std::size_t most = 10;
  Unit unit = Unit::Percent;

  /// Whether `removed` of `before` contracts may go.
  [[nodiscard]] bool allows(std::size_t removed, std::size_t before) const noexcept {
    return unit == Unit::Contracts ? removed <= most : removed * 100 <= before * most;
  }

  friend bool operator==(const RemovalLimit&, const RemovalLimit&) = default;
};

/// `contracts_source: {url: "https://crm.example/contracts.json", every: 15m, ...}`: where the
/// running collector fetches its contracts by itself. Paths are resolved from the configuration's
/// folder.
struct ContractsSource {
  std::string url;  ///< http:// or https://
  std::chrono::seconds every = std::chrono::minutes{15};
  std::optional<ContractFormat> format;  ///< nullopt: by the content type, then the name's ending
  std::string header_file;               ///< headers, one a line; empty: none
  std::string ca_file;                   ///< PEM; empty: the system's authorities
  RemovalLimit allow_removals;
  std::chrono::seconds timeout{60};  ///< of the whole source, redirects included

  friend bool operator==(const ContractsSource&, const ContractsSource&) = default;
};

/// Everything that a configuration file says, with every default. Plain and const once loaded.
struct Config {
  std::string path;  ///< of the file it came from
  std::vector<UdpListen> udp;
  std::vector<StreamListen> streams;  ///< TCP, plain or inside TLS
  std::vector<PcapListen> pcap;
  std::uint32_t workers = 0;  ///< 0: auto, one a core up to 8
  Exporters exporters;
  Accounting accounting;
  std::string contracts_file;  ///< that the configuration names; empty: none
  std::vector<contracts::Contract> contracts;
  std::string ledger_url = "sqlite:weir.db";  ///< kNoLedger: none
  std::uint32_t ledger_retention_days = kUsualRetentionDays;
  std::chrono::seconds ledger_close_after = std::chrono::hours{5 * 24};  ///< after a period's end
  std::vector<LinkGroup> groups;
  Capacity capacity;
  Baseline baseline;
  std::string state_directory;  ///< empty: /var/lib/weir
  Http http;
  bool customer_names_in_metrics = false;  ///< metrics.customer_names
  std::optional<RemoteWrite> remote_write;
  std::optional<ContractsSource> contracts_source;
};

enum class Severity : std::uint8_t { Warning, Error };

/// Something in a file that is wrong (Error: refused) or doubtful (Warning).
struct Problem {
  Severity severity = Severity::Error;
  std::string file;
  std::uint32_t line = 0;  ///< 1-based; 0 when the whole file is meant
  std::uint32_t column = 0;
  std::string message;  ///< what is wrong, with the value
  std::string mend;     ///< what to write instead
};

/// "file:line:column: error: message; mend"
[[nodiscard]] std::string to_string(const Problem& problem);

}  // namespace weir::config
