#include "collector/pipeline/knowledge_keeper.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "collector/pipeline/knowledge_text.h"
#include "tests/support/config_files.h"

namespace weir::pipeline {
namespace {

using std::chrono::seconds;
using Time = std::chrono::steady_clock::time_point;

constexpr IpAddress kRouter = IpAddress::v4(0xc000'0201);

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class Keeping : public testing::Test {
 protected:
  void name(const std::string& text) {
    state->interfaces().learn(kRouter, {.ifindex = 1, .name = wire::WireText{text}});
  }
  [[nodiscard]] static std::string named_by(const wire::SharedDecoderState& by) {
    const auto all = by.interfaces().of(kRouter);
    return all.empty() ? "" : all.front().name;
  }

  test::ConfigFiles files;
  std::string directory = files.path("made/when/needed");
  std::string path = directory + "/decoder_state.json";
  std::shared_ptr<wire::SharedDecoderState> state = wire::make_shared_decoder_state();
};

TEST_F(Keeping, WhatIsLearnedIsThereAfterARestart) {
  KnowledgeKeeper keeper(state, directory);
  keeper.load();
  name("ae1");
  keeper.keep(Time{});
  const auto reborn = wire::make_shared_decoder_state();
  KnowledgeKeeper next(reborn, directory);
  next.load();
  EXPECT_EQ(named_by(*reborn), "ae1");
  EXPECT_EQ(keeper.figures().writes, 1U);
  EXPECT_GT(keeper.figures().last_write_ms, 0);
  EXPECT_EQ(next.figures().read_errors, 0U);
  EXPECT_EQ(next.figures().problem, "");
}

TEST_F(Keeping, TheFileIsTheOwnersAloneAndNothingElseIsLeft) {
  KnowledgeKeeper keeper(state, directory);
  keeper.load();
  name("ae1");
  keeper.keep_now();
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory)) ++count;
  EXPECT_EQ(count, 1U);
}

TEST_F(Keeping, ChangesAreWrittenAtOnceThenAtMostEveryTenSeconds) {
  KnowledgeKeeper keeper(state, directory);
  keeper.load();
  keeper.keep(Time{});
  EXPECT_EQ(keeper.figures().writes, 0U);
  name("ae1");
  keeper.keep(Time{seconds{1}});
  EXPECT_EQ(keeper.figures().writes, 1U);
  name("ae2");
  keeper.keep(Time{seconds{10}});
  EXPECT_EQ(keeper.figures().writes, 1U);
  keeper.keep(Time{seconds{11}});
  EXPECT_EQ(keeper.figures().writes, 2U);
  keeper.keep(Time{seconds{1'000}});
  keeper.keep_now();
  EXPECT_EQ(keeper.figures().writes, 2U);
}

TEST_F(Keeping, ADamagedFileIsSetAsideCountedAndForgotten) {
  std::filesystem::create_directories(directory);
  std::ofstream(path) << "{\"format\":\"weir decoder state\"";
  KnowledgeKeeper keeper(state, directory);
  keeper.load();
  EXPECT_EQ(keeper.figures().read_errors, 1U);
  EXPECT_EQ(keeper.figures().problem,
            path +
                ": it does not end where it should; starting without what earlier runs "
                "learned (the file is now " +
                path + ".corrupt)");
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(text_of(path + ".corrupt"), "{\"format\":\"weir decoder state\"");
  name("ae1");
  keeper.keep(Time{});
  EXPECT_EQ(keeper.figures().writes, 1U);
  EXPECT_EQ(keeper.figures().problem, "");
}

TEST_F(Keeping, AFileThatIsTooLargeIsSetAsideUnread) {
  std::filesystem::create_directories(directory);
  std::ofstream(path).close();
  std::filesystem::resize_file(path, StateFile::kMostBytes + 1);
  KnowledgeKeeper keeper(state, directory);
  keeper.load();
  EXPECT_EQ(keeper.figures().read_errors, 1U);
  EXPECT_TRUE(std::filesystem::exists(path + ".corrupt"));
}

TEST_F(Keeping, AnotherVersionIsSetAside) {
  std::filesystem::create_directories(directory);
  std::string text = write_knowledge({});
  text.replace(text.find("\"version\":1"), 11, "\"version\":9");
  std::ofstream(path) << text;
  KnowledgeKeeper keeper(state, directory);
  keeper.load();
  EXPECT_EQ(keeper.figures().read_errors, 1U);
  EXPECT_NE(keeper.figures().problem.find("its version is 9"), std::string::npos);
}

TEST_F(Keeping, ALinkInThePlaceOfTheFileIsNotFollowed) {
  std::filesystem::create_directories(directory);
  const std::string victim = files.write("victim", "precious");
  std::filesystem::create_symlink(victim, path);
  std::filesystem::create_symlink(victim, path + ".new");
  KnowledgeKeeper keeper(state, directory);
  keeper.load();
  EXPECT_EQ(keeper.figures().read_errors, 1U);
  name("ae1");
  keeper.keep_now();
  EXPECT_EQ(text_of(victim), "precious");
  EXPECT_EQ(keeper.figures().writes, 1U);
}

TEST_F(Keeping, ADirectoryThatCannotBeWrittenIsCountedSaidAndTriedAgain) {
  // A file in its way: true for root too, who may write anywhere.
  const std::string in_the_way = files.write("made", "");
  KnowledgeKeeper keeper(state, directory);
  keeper.load();
  EXPECT_EQ(keeper.figures().read_errors, 0U);
  name("ae1");
  keeper.keep(Time{});
  EXPECT_EQ(keeper.figures().write_errors, 1U);
  EXPECT_EQ(keeper.figures().problem, "cannot write " + path +
                                          ".new: Not a directory; until this is mended, a restart "
                                          "forgets templates, sampling rates and interface names");
  std::filesystem::remove(in_the_way);
  std::filesystem::create_directories(directory);
  keeper.keep(Time{seconds{5}});
  EXPECT_EQ(keeper.figures().writes, 0U);
  keeper.keep(Time{seconds{10}});
  EXPECT_EQ(keeper.figures().writes, 1U);
  EXPECT_EQ(keeper.figures().problem, "");
}

}  // namespace
}  // namespace weir::pipeline
