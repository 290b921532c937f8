#include "collector/app/contracts_importer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>

#include "tests/support/config_files.h"
#include "tests/support/http_source.h"

namespace weir::app {
namespace {

using test::ConfigFiles;
using test::HttpSource;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kConfig =
    "exporters: {routers: [{address: 192.0.2.1, name: edge1}]}\n"
    "contracts: contracts.yaml\n";
constexpr std::string_view kOne =
    "- {id: A, committed: 1G, attach: [{exporter: edge1, interface: 1}]}\n";
constexpr std::string_view kBoth =
    R"([{"id": "A", "committed": "2G", "attach": [{"exporter": "edge1", "interface": 1}]},
        {"id": "B", "committed": "1G", "attach": [{"exporter": "edge1", "interface": 2}]}])";
constexpr auto kDay = std::chrono::hours{24};

/// An importer of a folder with the contract A, and the reloads that it asked for.
class ContractsImporterTest : public ::testing::Test {
 protected:
  ContractsImporterTest()
      : path_(files_.write("weir.yaml", kConfig)),
        contracts_(files_.write("contracts.yaml", kOne)),
        importer_(
            path_, [this] { return reload(); },
            std::make_shared<spdlog::logger>(
                "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_))) {}

  [[nodiscard]] config::ContractsSource source() const {
    config::ContractsSource made;
    made.url = web_.url();
    made.every = kDay;
    made.timeout = std::chrono::minutes{10};
    return made;
  }

  [[nodiscard]] std::string content() const {
    std::ifstream file(contracts_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// Waits until the figures satisfy `holds`, or for ten seconds.
  template <class Condition>
  [[nodiscard]] ImporterFigures until(Condition holds) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    for (;;) {
      const ImporterFigures met = importer_.figures().value_or(ImporterFigures{});
      if (holds(met)) return met;
      if (std::chrono::steady_clock::now() > end) {
        ADD_FAILURE() << "not in time";
        return met;
      }
      std::this_thread::yield();
    }
  }

  [[nodiscard]] ImporterFigures until_failures(std::uint64_t failures) const {
    return until([failures](const ImporterFigures& met) { return met.failures >= failures; });
  }
  [[nodiscard]] ImporterFigures until_success() const {
    return until([](const ImporterFigures& met) { return met.last_success_ms.has_value(); });
  }

  Result<void> reload() {
    ++reloads_;
    reloaded_text_ = content();
    return reload_result_;
  }

  HttpSource web_;
  ConfigFiles files_;
  std::string path_;
  std::string contracts_;
  std::ostringstream log_;  ///< read after stop()
  Result<void> reload_result_;
  int reloads_ = 0;  ///< read after stop(), as the next
  std::string reloaded_text_;
  ContractsImporter importer_;
};

TEST_F(ContractsImporterTest, WritesWhatChangedAndReloads) {
  web_.answer(std::string(kBoth));
  importer_.adopt(source());
  importer_.start();
  const ImporterFigures met = until_success();
  importer_.stop();
  EXPECT_EQ(met.period, std::chrono::seconds{kDay});
  EXPECT_EQ(met.failures, 0U);
  EXPECT_EQ(met.last_changes, 2U);
  EXPECT_EQ(reloads_, 1);
  EXPECT_THAT(content(), HasSubstr("id: B"));
  EXPECT_EQ(content(), reloaded_text_);
  EXPECT_THAT(log_.str(), HasSubstr("contracts_source: 1 added, 0 removed, 1 changed; 2 contracts, "
                                    "1 before"));
}

TEST_F(ContractsImporterTest, NeitherWritesNorReloadsWithoutAChange) {
  web_.answer(R"([{"id": "A", "committed": "1000M", "attach": [{"exporter": "edge1",
                   "interface": 1}]}])");
  importer_.adopt(source());
  importer_.start();
  const ImporterFigures met = until_success();
  importer_.stop();
  EXPECT_EQ(met.last_changes, 0U);
  EXPECT_EQ(reloads_, 0);
  EXPECT_EQ(content(), kOne);
  EXPECT_EQ(log_.str(), "");
}

TEST_F(ContractsImporterTest, PutsTheOldContractsBackWhenTheReloadRefuses) {
  web_.answer(std::string(kBoth));
  reload_result_ = failure(ErrorCode::Usage, "too many slots");
  importer_.adopt(source());
  importer_.start();
  const ImporterFigures met = until_failures(1);
  importer_.stop();
  EXPECT_EQ(met.last_success_ms, std::nullopt);
  EXPECT_EQ(met.failures, 1U);
  EXPECT_EQ(reloads_, 1);
  EXPECT_THAT(reloaded_text_, HasSubstr("id: B"));
  EXPECT_EQ(content(), kOne);
  EXPECT_THAT(log_.str(), HasSubstr("too many slots; nothing is changed"));
}

TEST_F(ContractsImporterTest, ABadSourceChangesNothingAndCounts) {
  for (const auto& [body, status, why] :
       {std::tuple{"[]", 500U, "status 500"}, std::tuple{"[{", 200U, "ends too early"},
        std::tuple{"[]", 200U, "1 of 1 contracts would vanish"},
        std::tuple{
            R"([{"id": "A", "committed": "1G", "attach": [{"exporter": "x", "interface": 1}]}])",
            200U, "not configured"}}) {
    web_.answer(body, status);
    ContractsImporter importer(
        path_, [this] { return reload(); },
        std::make_shared<spdlog::logger>("test",
                                         std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)));
    importer.adopt(source());
    importer.start();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (importer.figures()->failures == 0 && std::chrono::steady_clock::now() < end)
      std::this_thread::yield();
    EXPECT_EQ(importer.figures()->failures, 1U) << why;
    EXPECT_EQ(importer.figures()->last_success_ms, std::nullopt);
    importer.stop();
    EXPECT_EQ(content(), kOne) << why;
    EXPECT_THAT(log_.str(), HasSubstr(why));
    log_.str("");
  }
  EXPECT_EQ(reloads_, 0);
}

TEST_F(ContractsImporterTest, ABrokenConfigurationIsLeftAloneBeforeAnythingIsFetched) {
  files_.write("weir.yaml", "contracts: contracts.yaml\nwrokers: 2\n");
  importer_.adopt(source());
  importer_.start();
  EXPECT_EQ(until_failures(1).failures, 1U);
  importer_.stop();
  EXPECT_EQ(content(), kOne);
  EXPECT_THAT(log_.str(), HasSubstr("unknown key `wrokers`"));
}

TEST_F(ContractsImporterTest, StopsWhileTheSourceIsSilent) {
  importer_.adopt(source());
  importer_.start();
  ASSERT_TRUE(web_.sees(1));
  // The timeout is ten minutes: a stop that waits for it would not end within the test's time.
  importer_.stop();
  EXPECT_EQ(importer_.figures(), (ImporterFigures{.period = kDay}));
  EXPECT_EQ(content(), kOne);
  EXPECT_EQ(log_.str(), "");
}

TEST_F(ContractsImporterTest, StopsBetweenImportsAndBeforeAnySource) {
  importer_.start();
  EXPECT_EQ(importer_.figures(), std::nullopt);
  importer_.stop();
  importer_.stop();
}

TEST_F(ContractsImporterTest, TakesAnotherSourceAtOnceAndForgetsTheOldOne) {
  web_.answer("[]", 500);
  importer_.adopt(source());
  importer_.start();
  EXPECT_EQ(until_failures(1).failures, 1U);
  web_.answer(std::string(kBoth));
  config::ContractsSource other = source();
  other.url += "?page=all";
  importer_.adopt(other);
  EXPECT_EQ(until_success().failures, 1U);
  // The same again is no change.
  importer_.adopt(other);
  importer_.adopt(std::nullopt);
  EXPECT_EQ(importer_.figures(), std::nullopt);
  importer_.stop();
  EXPECT_EQ(reloads_, 1);
  EXPECT_THAT(log_.str(), HasSubstr("contracts_source: imported again"));
}

TEST_F(ContractsImporterTest, TellsABadSourceOnceAMinute) {
  web_.answer("[]", 500);
  config::ContractsSource often = source();
  importer_.adopt(often);
  importer_.start();
  for (std::uint64_t failures = 1; failures <= 5; ++failures) {
    EXPECT_EQ(until_failures(failures).failures, failures);
    // Another period is another source, and imported from at once.
    often.every += std::chrono::seconds{1};
    importer_.adopt(often);
  }
  importer_.stop();
  const std::string log = log_.str();
  EXPECT_EQ(log.find("status 500"), log.rfind("status 500"));
  EXPECT_THAT(log, Not(HasSubstr("again")));
}

TEST_F(ContractsImporterTest, AHeaderFileThatIsMissingIsAFailure) {
  config::ContractsSource secret = source();
  secret.header_file = files_.path("none");
  importer_.adopt(secret);
  importer_.start();
  EXPECT_EQ(until_failures(1).failures, 1U);
  importer_.stop();
  EXPECT_THAT(log_.str(), HasSubstr(files_.path("none")));
}

}  // namespace
}  // namespace weir::app
