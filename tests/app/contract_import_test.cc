#include "collector/app/contract_import.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "collector/app/contract_diff_output.h"
#include "collector/app/file_replace.h"
#include "tests/support/config_files.h"

namespace weir::app {
namespace {

using test::ConfigFiles;

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t files_in(const std::string& path) {
  const std::filesystem::directory_iterator folder(std::filesystem::path(path).parent_path());
  return static_cast<std::size_t>(std::distance(begin(folder), end(folder)));
}

TEST(ReplaceFile, KeepsTheModeAndTheOldText) {
  const ConfigFiles files;
  const std::string path = files.write("c.yaml", "old");
  ::chmod(path.c_str(), 0600);
  ASSERT_TRUE(replace_file(path, "new").has_value());
  ASSERT_TRUE(replace_file(path, "newer").has_value());
  EXPECT_EQ(content(path), "newer");
  EXPECT_EQ(content(path + ".previous"), "new");
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(files_in(path), 2U);
}

TEST(ReplaceFile, WritesAFileThatWasNotThere) {
  const ConfigFiles files;
  ASSERT_TRUE(replace_file(files.path("c.yaml"), "new").has_value());
  EXPECT_EQ(content(files.path("c.yaml")), "new");
  EXPECT_EQ(files_in(files.path("c.yaml")), 1U);
}

TEST(ReplaceFile, LeavesNothingBehindWhenItFails) {
  const ConfigFiles files;
  const std::string path = files.write("c.yaml", "old");
  std::filesystem::create_directories(path + ".previous/full");
  EXPECT_FALSE(replace_file(path, "new").has_value());
  EXPECT_FALSE(replace_file(files.path("none/c.yaml"), "new").has_value());
  EXPECT_EQ(content(path), "old");
  EXPECT_EQ(files_in(path), 2U);
}

TEST(DiffText, SaysWhatWasAndWhatIsToBe) {
  config::ContractDiff diff{.before = 2, .after = 2};
  diff.changed.push_back({.id = "A",
                          .fields = {{"ceiling", "", "2G"}},
                          .detached = {{"edge1", "1", "7", "", ""}},
                          .attached = {{"", "", "", "", "64500"}}});
  EXPECT_EQ(diff_text(diff),
            "~ A\n"
            "    ceiling: (none) -> 2G\n"
            "    - exporter edge1 interface 1 vlan 7\n"
            "    + as 64500\n"
            "0 added, 0 removed, 1 changed; 2 contracts, 2 before\n");
  EXPECT_EQ(diff_json(diff),
            R"({"before":2,"after":2,"added":[],"removed":[],"changed":[{"id":"A","fields":)"
            R"({"ceiling":{"before":null,"after":"2G"}},"detached":[{"exporter":"edge1",)"
            R"("interface":"1","vlan":"7"}],"attached":[{"as":"64500"}]}]})"
            "\n");
}

TEST(ImportPlan, ChecksBetweenContractsAndWithTheRouters) {
  const ConfigFiles files;
  const std::string target = files.write(
      "c.yaml", "- {id: A, committed: 1G, attach: [{exporter: edge1, interface: 1}]}\n");
  config::Config config;
  config.exporters.routers.push_back({.name = "edge1"});
  ImportTerms terms{.target = target};
  terms.source = files.write(
      "in.json", R"([{"id":"A","committed":"2G","attach":[{"exporter":"edge2","interface":1}]}])");
  const auto plan = plan_import(config, terms);
  ASSERT_TRUE(plan.has_value());
  ASSERT_EQ(plan->problems.size(), 1U);
  EXPECT_EQ(plan->problems[0].message,
            "contract A names the exporter `edge2`, which is not configured");
  ASSERT_TRUE(plan->refusal.has_value());
  EXPECT_EQ(plan->refusal->code, ErrorCode::Usage);
  EXPECT_EQ(plan->text, "");
}

}  // namespace
}  // namespace weir::app
