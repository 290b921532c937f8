#include "collector/app/template_text.h"

#include <gtest/gtest.h>

#include "collector/wire/decoder.h"
#include "tests/support/message_builder.h"
#include "tests/support/message_sink.h"

namespace weir::app {
namespace {

/// What a person sees of the templates in `message`.
template <class Message>
std::string shown(const Message& message) {
  std::string text;
  wire::Decoder decoder{wire::make_shared_decoder_state(), {}};
  decoder.watch_templates(
      [&text](const wire::LearnedTemplate& learned) { text += template_text(learned); });
  test::MessageSink sink;
  const auto bytes = test::build(message);
  static_cast<void>(decoder.decode(test::datagram_of(bytes), sink));
  return text;
}

TEST(TemplateText, ListsTheFieldsOfATemplate) {
  EXPECT_EQ(
      shown(test::IpfixMessage{.sets = {{.id = 2,
                                         .body = test::template_record(
                                             300, {{8, 4}, {1, 8}, {82, 65'535}, {100, 6, 9}})}}}),
      "template 300 of 192.0.2.250 port 50000, ipfix, domain 7: 4 fields, at least 19 bytes a "
      "record\n"
      "    sourceIPv4Address (8)    4\n"
      "    octetDeltaCount (1)      8\n"
      "    interfaceName (82)     variable\n"
      "    element 9/100 (Cisco)    6\n");
}

TEST(TemplateText, NamesTheScopesOfNetflow9ByTheirOwnNumbers) {
  EXPECT_EQ(
      shown(test::Netflow9Message{
          .sets = {{.id = 1,
                    .body = test::netflow9_options_template(
                        {.id = 400, .scopes = {{2, 4}}, .options = {{48, 1}, {50, 4}}})}}}),
      "options template 400 of 192.0.2.250 port 50000, netflow9, domain 7: 3 fields, 9 bytes a "
      "record\n"
      "    scope 2 (interface)           4\n"
      "    samplerId (48)                1\n"
      "    samplerRandomInterval (50)    4\n");
}

TEST(TemplateText, ScopesOfIpfixAreElements) {
  EXPECT_EQ(shown(test::IpfixMessage{
                .sets = {{.id = 3,
                          .body = test::ipfix_options_template(
                              {.id = 401, .scopes = {{149, 4}}, .options = {{34, 4}}})}}}),
            "options template 401 of 192.0.2.250 port 50000, ipfix, domain 7: 2 fields, 8 bytes a "
            "record\n"
            "    scope observationDomainId (149)    4\n"
            "    samplingInterval (34)              4\n");
}

}  // namespace
}  // namespace weir::app
