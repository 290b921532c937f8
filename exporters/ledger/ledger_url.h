#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collector/model/result.h"

namespace weir::ledger {

enum class Backend : std::uint8_t { Sqlite, Postgresql };

/// Where a ledger is kept: what `ledger.url` and `--ledger` say.
struct LedgerUrl {
  Backend backend = Backend::Sqlite;
  std::string target;  ///< a file, or a PostgreSQL connection URI

  /// For logs and errors: a password in it is left out.
  [[nodiscard]] std::string shown() const;
};

/// "sqlite:PATH", "postgresql://USER@HOST:PORT/DATABASE" (or postgres://), or a bare path, which is
/// a SQLite file. A relative path is taken from `folder`. Error: Usage, for another scheme or an
/// empty path.
[[nodiscard]] Result<LedgerUrl> parse_ledger_url(std::string_view text, const std::string& folder);

}  // namespace weir::ledger
