#include "collector/pipeline/knowledge_text.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::pipeline {
namespace {

using wire::Announcement;
using wire::DecoderKnowledge;

/// One of everything.
DecoderKnowledge everything() {
  DecoderKnowledge knowledge;
  DecoderKnowledge::Domain v9;
  v9.key = {.address = IpAddress::v4(0xc000'0201), .protocol = Protocol::Netflow9, .domain = 7};
  v9.heard = traffic_time_ms(1'700'000'000'123);
  v9.sessions.push_back(
      {.port = 50'000,
       .templates = {{.id = 256,
                      .definition = {.protocol = Protocol::Netflow9,
                                     .fields = {{.id = 1, .length = 4}, {.id = 2, .length = 4}}},
                      .seen = traffic_time_ms(1'700'000'000'000),
                      .used = traffic_time_ms(0),
                      .longest_gap = std::chrono::minutes{10}},
                     {.id = 400,
                      .definition = {.protocol = Protocol::Netflow9,
                                     .is_options = true,
                                     .scope_fields = 1,
                                     .fields = {{.id = 1, .length = 4}, {.id = 34, .length = 4}}},
                      .seen = traffic_time_ms(1'700'000'000'000),
                      .used = traffic_time_ms(1'699'999'999'000),
                      .longest_gap = TrafficSpan{0}}}});
  v9.samplers = {{.scope = Announcement::Scope::Domain, .interval = 256, .system_init_ms = 5},
                 {.scope = Announcement::Scope::Sampler, .subject = 1, .interval = 1'000},
                 {.scope = Announcement::Scope::Interface, .subject = 512, .interval = 2'000}};
  DecoderKnowledge::Domain ipfix;
  ipfix.key = {.address = IpAddress::v6(0x2001'0db8'0000'0000, 1),
               .protocol = Protocol::Ipfix,
               .domain = 0xffff'ffff};
  ipfix.heard = traffic_time_ms(1'700'000'000'000);
  ipfix.sessions.push_back(
      {.port = 4'739,
       .templates = {{.id = 65'535,
                      .definition = {.protocol = Protocol::Ipfix,
                                     .fields = {{.enterprise = 29'305, .id = 1, .length = 8},
                                                {.id = 82, .length = 65'535}}},
                      .seen = traffic_time_ms(1'700'000'000'000),
                      .used = traffic_time_ms(1'700'000'000'000),
                      .longest_gap = TrafficSpan{1}}}});
  knowledge.domains = {v9, ipfix};
  knowledge.interfaces = {
      {.exporter = IpAddress::v4(0xc000'0201),
       .interfaces = {{.ifindex = 3, .bits_per_second = 18'446'744'073'709'551'615U},
                      {.ifindex = 1,
                       .name = "et-0/0/1 \"東\" \\x0a",
                       .description = "customer",
                       .bits_per_second = 10'000'000'000}}}};
  return knowledge;
}

std::string problem_of(std::string_view text) {
  const auto read = read_knowledge(text, {});
  return read ? "" : read.error().message;
}
std::string body_of(const std::string& text) {
  const auto line = text.find('\n');
  return text.substr(line + 1, text.size() - line - 2);
}
/// What is wrong with the whole file once its body has `from` replaced by `to`, well sealed.
std::string problem_with(const std::string& from, const std::string& to) {
  std::string body = body_of(write_knowledge(everything()));
  const auto at = body.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return problem_of(seal_knowledge(body.replace(at, from.size(), to)));
}

TEST(KnowledgeText, ReadsBackWhatItWrote) {
  const std::string text = write_knowledge(everything());
  const auto read = read_knowledge(text, {});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, everything());
  EXPECT_EQ(write_knowledge(*read), text);
}

TEST(KnowledgeText, NothingKnownIsATextToo) {
  const auto read = read_knowledge(write_knowledge({}), {});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, DecoderKnowledge{});
}

TEST(KnowledgeText, IsTheFormatThatIsPromised) {
  DecoderKnowledge knowledge;
  knowledge.domains = {everything().domains[0]};
  knowledge.domains[0].sessions[0].templates.resize(1);
  EXPECT_EQ(body_of(write_knowledge(knowledge)),
            R"({"domains":[{"exporter":"192.0.2.1","protocol":"netflow9","domain":7,)"
            R"("heard_ms":1700000000123,"sessions":[{"port":50000,"templates":[{"id":256,)"
            R"("seen_ms":1700000000000,"used_ms":0,"longest_gap_ms":600000,)"
            R"("fields":[[1,4],[2,4]]}]}],"samplers":[["domain",0,256,5],["sampler",1,1000,0],)"
            R"(["interface",512,2000,0]]}],"interfaces":[]})");
}

TEST(KnowledgeText, EveryChangedByteIsFound) {
  const std::string text = write_knowledge(everything());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(read_knowledge(damaged, {})) << "byte " << i << " of " << text;
  }
}

TEST(KnowledgeText, EveryShorterTextIsRefused) {
  const std::string text = write_knowledge(everything());
  for (std::size_t length = 0; length < text.size(); ++length)
    EXPECT_FALSE(read_knowledge(std::string_view(text).substr(0, length), {})) << length;
}

TEST(KnowledgeText, SaysWhatIsWrongWithAFile) {
  EXPECT_EQ(problem_of(""), "it does not end where it should");
  EXPECT_EQ(problem_of("x\n{}\n"), "it is no decoder state");
  EXPECT_EQ(problem_of("{\"format\":\"weir decoder state\",\"version\":2,\"xxh64\":\"\"}\n{}\n"),
            "its version is 2; this program reads 1");
  std::string changed = write_knowledge(everything());
  changed[changed.size() - 5] = '7';
  EXPECT_EQ(problem_of(changed), "its checksum is wrong: it is damaged or was changed by hand");
}

// The same as on the wire: what a router may not teach, a file may not either.
TEST(KnowledgeText, ARightSealHelpsNoWrongContent) {
  EXPECT_EQ(problem_of(seal_knowledge("nonsense")), "a value is no object");
  EXPECT_EQ(problem_of(seal_knowledge("{}")), "`domains` is missing");
  EXPECT_EQ(problem_of(seal_knowledge(std::string(200'000, '['))), "a value is no object");
  EXPECT_EQ(problem_with("\"domain\":7", "\"domain\":-7"), "a value is no whole number");
  EXPECT_EQ(problem_with("\"domain\":7", "\"domain\":4294967296"),
            "the number 4294967296 is out of range");
  EXPECT_EQ(problem_with("\"domain\":7", "\"domain\":7,\"more\":1"),
            "an object has an unknown key");
  EXPECT_EQ(problem_with("\"id\":256", "\"id\":255"), "the number 255 is out of range");
  EXPECT_EQ(problem_with("\"id\":256", "\"id\":500"), "templates are not in order");
  EXPECT_EQ(problem_with("[[1,4],[2,4]]", "[[1,0],[2,0]]"), "template 256 is impossible");
  EXPECT_EQ(problem_with("[[1,4],[2,4]]", "[]"), "a list has 0 elements");
  EXPECT_EQ(problem_with("[[1,4],[2,4]]", "[[1,4,9],[2,4]]"),
            "NetFlow v9 has no enterprise elements");
  EXPECT_EQ(problem_with("\"scope_fields\":1", "\"scope_fields\":3"), "template 400 is impossible");
  EXPECT_EQ(problem_with("\"netflow9\"", "\"sflow5\""), "a protocol has no templates");
  EXPECT_EQ(problem_with("\"192.0.2.1\"", "\"192.0.2\""), "a value is no address");
  EXPECT_EQ(problem_with("1700000000123", "17000000001230000"),
            "the number 17000000001230000 is out of range");
  EXPECT_EQ(problem_with("\"sampler\"", "\"samplers\""), "a sampler has an unknown scope");
  EXPECT_EQ(problem_with("\"customer\"", "\"" + std::string(129, 'c') + "\""),
            "a name is too long or not clean");
  EXPECT_EQ(problem_with("\"customer\"", "\"c\\u0007\""), "a name is too long or not clean");
  EXPECT_EQ(problem_with("[3,\"\"", "[1,\"\""), "an interface stands twice");
}

TEST(KnowledgeText, NothingBeyondTheLimitsOfADecoderIsRead) {
  const std::string text = write_knowledge(everything());
  EXPECT_FALSE(read_knowledge(text, {.fields_per_template = 1}));
  EXPECT_FALSE(read_knowledge(text, {.templates_per_domain = 1}));
  EXPECT_FALSE(read_knowledge(text, {.domains_per_exporter = 0}));
  EXPECT_TRUE(read_knowledge(text, {.templates_per_domain = 2, .fields_per_template = 2}));
}

}  // namespace
}  // namespace weir::pipeline
