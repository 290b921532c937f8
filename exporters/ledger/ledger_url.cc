#include "exporters/ledger/ledger_url.h"
#include "collector/model/result.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace weir::ledger {

std::string LedgerUrl::shown() const {
  if (backend == Backend::Sqlite) return target;
  std::string text = target;
  // As a parameter.
  constexpr std::string_view kPassword = "password=";
  for (auto from = text.find(kPassword); from != std::string::npos;
       from = text.find(kPassword, from + kPassword.size())) {
    const auto begin = from + kPassword.size();
    text.replace(begin, std::min(text.find('&', begin), text.size()) - begin, "***");
  }
  // Before the host.
  const auto host = text.find("://");
  const auto at = text.find('@');
  const auto colon = text.find(':', host + 3);
  if (at == std::string::npos || colon == std::string::npos || colon > at) return text;
  return text.substr(0, colon) + ":***" + text.substr(at);
}

Result<LedgerUrl> parse_ledger_url(std::string_view text, const std::string& folder) {
  if (text.starts_with("postgresql://") || text.starts_with("postgres://"))
    return LedgerUrl{.backend = Backend::Postgresql, .target = std::string(text)};
  constexpr std::string_view kSqlite = "sqlite:";
  const bool has_scheme = text.starts_with(kSqlite);
  if (!has_scheme && text.find("://") != std::string_view::npos)
    return failure(ErrorCode::Usage,
                   fmt::format("ledger '{}' is of no kind that is known; write sqlite:FILE or "
                               "postgresql://USER@HOST/DATABASE",
                               text));
  const std::string_view path = has_scheme ? text.substr(kSqlite.size()) : text;
  if (path.empty())
    return failure(ErrorCode::Usage, "the ledger's file has no name; write sqlite:weir.db");
  std::filesystem::path file(path);
  if (file.is_relative() && !folder.empty()) file = std::filesystem::path(folder) / file;
  return LedgerUrl{.backend = Backend::Sqlite, .target = file.string()};
}

}  // namespace weir::ledger
