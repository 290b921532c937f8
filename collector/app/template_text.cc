#include "collector/app/template_text.h"

#include <fmt/format.h>

#include <string_view>

#include "collector/wire/element_names.h"

namespace weir::app {
namespace {

/// What an options record of NetFlow v9 is about (RFC 3954, 6.1).
std::string_view scope_name(std::uint16_t number) noexcept {
  switch (number) {
    case 1:
      return "system";
    case 2:
      return "interface";
    case 3:
      return "line card";
    case 4:
      return "cache";
    case 5:
      return "template";
    default:
      return "unknown";
  }
}

/// "sourceIPv4Address (8)", "reverse octetDeltaCount (29305/1)"; "element 9/100" when unknown.
std::string element_label(const wire::TemplateField& field) {
  const std::string number = field.enterprise == 0
                                 ? fmt::format("{}", field.id)
                                 : fmt::format("{}/{}", field.enterprise, field.id);
  const std::string_view name = wire::element_name(field.enterprise, field.id);
  if (name.empty()) {
    const std::string_view vendor = wire::enterprise_name(field.enterprise);
    return vendor.empty() ? "element " + number : fmt::format("element {} ({})", number, vendor);
  }
  return fmt::format("{}{} ({})", wire::is_reverse(field.enterprise) ? "reverse " : "", name,
                     number);
}

std::string field_label(const wire::TemplateDefinition& definition, std::size_t place) {
  const wire::TemplateField& field = definition.fields[place];
  if (place >= definition.scope_fields) return element_label(field);
  return definition.protocol == Protocol::Netflow9
             ? fmt::format("scope {} ({})", field.id, scope_name(field.id))
             : "scope " + element_label(field);
}

}  // namespace

std::string template_text(const wire::LearnedTemplate& learned) {
  const wire::TemplateDefinition& definition = learned.layout.definition();
  const wire::DomainKey& domain = learned.session.domain;
  std::string text =
      fmt::format("{} {} of {} port {}, {}, domain {}: {} field{}, {}{} byte{} a record\n",
                  definition.is_options ? "options template" : "template", learned.id,
                  domain.address.to_string(), learned.session.port, protocol_name(domain.protocol),
                  domain.domain, definition.fields.size(), definition.fields.size() == 1 ? "" : "s",
                  learned.layout.is_variable() ? "at least " : "", learned.layout.record_bytes(),
                  learned.layout.record_bytes() == 1 ? "" : "s");
  std::size_t width = 0;
  for (std::size_t i = 0; i < definition.fields.size(); ++i)
    width = std::max(width, field_label(definition, i).size());
  for (std::size_t i = 0; i < definition.fields.size(); ++i) {
    const std::uint16_t length = definition.fields[i].length;
    text +=
        fmt::format("    {:<{}}  {}\n", field_label(definition, i), width,
                    length == wire::kVariableLength ? "variable" : fmt::format("{:>3}", length));
  }
  return text;
}

}  // namespace weir::app
