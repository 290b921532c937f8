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

TEST(DecodeCommand, TableShowsTemplatesAndWhatCameBeforeThem) {
  const Printed run = decode(DecodeFormat::Text, {"tests/data/netflow9/data-before-template.pcap"});
  EXPECT_EQ(run.exit_code, 0);
  const auto first =
      run.out.find("options template 400 of 192.0.2.1 port 50000, netflow9, domain 77");
  const auto second = run.out.find("\ntemplate 256 of 192.0.2.1 port 50000, netflow9, domain 77");
  const auto rows =
      run.out.find("\n2023-11-14T22:14:00Z  192.0.2.1  netflow9      77  198.51.100.1");
  EXPECT_EQ(first, 0U) << run.out;
  EXPECT_LT(first, second) << run.out;
  EXPECT_LT(second, rows) << run.out;
  EXPECT_TRUE(run.out.ends_with(
      "\nsets before their template: 1 (2 records of them decoded when it came, 0 bytes never)\n"
      "4 datagrams (0 malformed), 3 records, 0 counter samples\n"))
      << run.out;
}

TEST(DecodeCommand, TableNamesTheReasonsOfWhatIsMalformed) {
  const Printed run = decode(DecodeFormat::Text, {"tests/data/malformed/four-kinds.pcap"});
  EXPECT_EQ(run.out,
            "malformed: 1 empty\nmalformed: 1 unknown_version\nmalformed: 2 bad_count\n"
            "4 datagrams (4 malformed), 0 records, 0 counter samples\n");
}

}  // namespace
}  // namespace weir::app
