#include "exporters/ledger/ledger_url.h"

#include <gtest/gtest.h>

namespace weir::ledger {
namespace {

TEST(LedgerUrl, ASqliteFileMayBeNamedWithOrWithoutItsScheme) {
  EXPECT_EQ(parse_ledger_url("sqlite:weir.db", "/etc/weir")->target, "/etc/weir/weir.db");
  EXPECT_EQ(parse_ledger_url("sqlite:/var/lib/weir.db", "/etc/weir")->target, "/var/lib/weir.db");
  EXPECT_EQ(parse_ledger_url("weir.db", "")->target, "weir.db");
  EXPECT_EQ(parse_ledger_url("weir.db", "")->backend, Backend::Sqlite);
}

TEST(LedgerUrl, APostgresqlUriIsKeptWholeAndShownWithoutItsPassword) {
  const auto url = parse_ledger_url("postgresql://weir:secret@db.example:5432/weir", "/etc/weir");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->backend, Backend::Postgresql);
  EXPECT_EQ(url->target, "postgresql://weir:secret@db.example:5432/weir");
  EXPECT_EQ(url->shown(), "postgresql://weir:***@db.example:5432/weir");
  EXPECT_EQ(parse_ledger_url("postgres://db.example/weir", "")->shown(),
            "postgres://db.example/weir");
}

TEST(LedgerUrl, APasswordAmongTheParametersIsNotShown) {
  const auto url = parse_ledger_url("postgresql://weir@/weir?password=secret&host=/run/db", "");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->shown(), "postgresql://weir@/weir?password=***&host=/run/db");
}

TEST(LedgerUrl, AnotherSchemeOrNoFileIsAUsageError) {
  EXPECT_EQ(parse_ledger_url("mysql://db/weir", "").error().code, ErrorCode::Usage);
  EXPECT_EQ(parse_ledger_url("sqlite:", "").error().code, ErrorCode::Usage);
}

}  // namespace
}  // namespace weir::ledger
