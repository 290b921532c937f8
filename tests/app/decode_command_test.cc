#include "collector/app/decode_command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace weir::app {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File temporary_file() { return {std::tmpfile(), &std::fclose}; }

std::string content(std::FILE* file) {
  std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  return text;
}

struct Printed {
  int exit_code = 0;
  std::string out;
  std::string err;
};

Printed decode(DecodeFormat format, std::vector<std::string> paths) {
  const File out = temporary_file();
  const File err = temporary_file();
  const int exit_code =
      run_decode({.paths = std::move(paths), .format = format}, out.get(), err.get());
  return {.exit_code = exit_code, .out = content(out.get()), .err = content(err.get())};
}

const std::string kSflow = "tests/data/sflow/flow-and-counter-samples.pcap";

TEST(DecodeCommand, MissingFileIsNamedAndGivesNoAnswer) {
  const Printed run = decode(DecodeFormat::Summary, {"tests/data/nothing-here.pcap"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.out, "");
  EXPECT_NE(run.err.find("tests/data/nothing-here.pcap"), std::string::npos) << run.err;
}

TEST(DecodeCommand, FileThatIsNoCaptureIsNamed) {
  const Printed run = decode(DecodeFormat::Json, {"tests/data/README.md"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_NE(run.err.find("tests/data/README.md"), std::string::npos) << run.err;
}

TEST(DecodeCommand, MissingFileDoesNotHideTheOthers) {
  const Printed run = decode(DecodeFormat::Json, {"tests/data/nothing-here.pcap", kSflow});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 6);
}

TEST(DecodeCommand, TableEndsWithTheTotals) {
  const Printed run = decode(DecodeFormat::Text, {kSflow});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_TRUE(run.out.ends_with("\n2 datagrams (0 malformed), 4 records, 2 counter samples\n"))
      << run.out;
}

TEST(DecodeCommand, FilesAreDecodedAsOneStream) {
  // The second reading of a datagram is a repetition of the first.
  const Printed run = decode(DecodeFormat::Text, {kSflow, kSflow});
  EXPECT_TRUE(run.out.ends_with("\n4 datagrams (0 malformed), 4 records, 2 counter samples\n"))
      << run.out;
}

}  // namespace
}  // namespace weir::app
