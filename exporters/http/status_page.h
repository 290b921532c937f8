#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

/// What a contract owes by now.
struct ContractBilling {
  std::string standing;  ///< "below", "near", "over", "no_data", "no_commit" (docs/api.md)
  std::optional<std::uint64_t> percentile;  ///< bits per second, as the next two
  std::optional<std::uint64_t> low;
  std::optional<std::uint64_t> high;  ///< none: nothing bounds it yet
  std::uint64_t burst_used = 0;
  std::uint64_t burst_allowed = 0;
  bool is_provisional = false;
};

/// One contract in its last closed minute.
struct ContractRow {
  std::string id;
  std::string service;
  std::string pop;
  std::uint64_t committed_bits_per_second = 0;  ///< 0: none, so no utilisation
  double from_customer_bits_per_second = 0;
  double to_customer_bits_per_second = 0;
  double error_bits_per_second = 0;  ///< half width, 95 %, of the larger direction
  /// Without a ledger of no row, else of every row.
  std::optional<ContractBilling> billing;
};

/// One exporter over one protocol.
struct ExporterRow {
  std::string name;
  std::string protocol;
  std::uint64_t records = 0;
  std::uint64_t lost = 0;
  std::string lost_unit;  ///< "flows", "packets", "records", "datagrams"
  std::uint64_t malformed = 0;
  double seconds_since_seen = 0;
};

/// A socket, mirror port or TCP port where export comes in.
struct ListenerRow {
  std::string listen;
  std::uint64_t received = 0;
  std::string unit;           ///< "datagrams", "messages, 3 connections"
  std::uint64_t refused = 0;  ///< datagrams dropped unread, or connections turned away
};

struct FateRow {
  std::string fate;
  std::uint64_t bytes = 0;
};

struct LinkRow {
  std::string path;
  std::string text;
};

/// What the page at `/` shows: the state of the collector at one moment.
struct StatusPage {
  std::string version;
  bool ready = false;
  std::vector<std::string> not_ready_because;
  std::string minute;  ///< start of the last closed minute, RFC 3339; empty: none yet
  std::vector<ContractRow> contracts;  ///< any order, any number
  std::vector<ExporterRow> exporters;
  std::vector<ListenerRow> listeners;
  std::vector<FateRow> fates;
  std::vector<LinkRow> links;
};

/// The page lists so many contracts, those of highest utilisation, and says how many there are.
inline constexpr std::size_t kContractsShown = 200;

/// A whole HTML document that fetches nothing and runs no script. Every text is escaped.
[[nodiscard]] std::string render(const StatusPage& page);

/// "1.25 Gbit/s": decimal, three significant digits.
[[nodiscard]] std::string rate_text(double bits_per_second);

/// `text` with the five characters that HTML gives a meaning replaced.
[[nodiscard]] std::string escape_html(std::string_view text);

}  // namespace weir::http
