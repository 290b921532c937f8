#include "collector/app/diagnosis_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace weir::app {
namespace {

namespace json = boost::json;

constexpr std::string_view kIndent = "        ";
constexpr std::string_view kCollector = "collector";

json::string_view view(std::string_view text) noexcept { return {text.data(), text.size()}; }

std::string printable(std::string_view text) {
  std::string kept(text);
  std::ranges::replace_if(
      kept, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
  return kept;
}

std::string finding_text(const Finding& finding) {
  return fmt::format("{0}{1}\n{0}mend: {2}\n{0}see {3}\n", kIndent, printable(finding.says),
                     printable(finding.mend), finding.page);
}

std::string counted(std::size_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

json::object finding_json(const Finding& finding, const json::value& exporter) {
  return {{"exporter", exporter},
          {"step", view(step_word(finding.step))},
          {"says", view(finding.says)},
          {"mend", view(finding.mend)},
          {"page", view(finding.page)}};
}

}  // namespace

std::string diagnosis_text(std::string_view url, const Diagnosis& diagnosis) {
  std::size_t name_width = kCollector.size();
  std::size_t address_width = 0;
  std::size_t well = 0;
  for (const ExporterDiagnosis& exporter : diagnosis.exporters) {
    name_width = std::max(name_width, exporter.name.size());
    address_width = std::max(address_width, exporter.address.size());
    if (exporter.findings.empty()) ++well;
  }
  const auto row = [&](std::string_view verdict, std::string_view name, std::string_view address,
                       std::string_view text) {
    return fmt::format("{:<6}  {:<{}}  {:<{}}  {}\n", verdict, printable(name), name_width,
                       printable(address), address_width, printable(text));
  };
  std::string text = row(diagnosis.collector.empty() ? "ok" : "FAILS", kCollector, "",
                         fmt::format("weir {} at {}, {}", diagnosis.version, url, diagnosis.state));
  for (const Finding& finding : diagnosis.collector)
    text += fmt::format("{}{}\n", kIndent, step_name(finding.step)) + finding_text(finding);
  for (const ExporterDiagnosis& exporter : diagnosis.exporters) {
    const bool is_well = exporter.findings.empty();
    text += row(is_well ? "ok" : "FAILS", exporter.name, exporter.address,
                is_well ? exporter.state
                        : fmt::format("{} ({})", step_name(exporter.findings.front().step),
                                      exporter.state));
    for (std::size_t i = 0; i < exporter.findings.size(); ++i) {
      if (i != 0) text += fmt::format("{}then {}\n", kIndent, step_name(exporter.findings[i].step));
      text += finding_text(exporter.findings[i]);
    }
  }
  const std::size_t findings = diagnosis.findings();
  text += fmt::format("\n{} of {} well, {}, by what was counted in the last {}\n", well,
                      counted(diagnosis.exporters.size(), "exporter"),
                      findings == 0 ? "nothing fails" : counted(findings, "finding"),
                      span_text(static_cast<std::int64_t>(diagnosis.looked_at_seconds)));
  return text;
}

std::string diagnosis_json(std::string_view url, const Diagnosis& diagnosis) {
  json::object all{{"url", view(url)},
                   {"version", view(diagnosis.version)},
                   {"state", view(diagnosis.state)},
                   {"well", diagnosis.findings() == 0},
                   {"looked_at_seconds", diagnosis.looked_at_seconds}};
  json::array exporters;
  json::array findings;
  for (const Finding& finding : diagnosis.collector)
    findings.push_back(finding_json(finding, nullptr));
  for (const ExporterDiagnosis& exporter : diagnosis.exporters) {
    exporters.push_back(
        {{"name", view(exporter.name)},
         {"address", view(exporter.address)},
         {"state", view(exporter.state)},
         {"fails_at", exporter.findings.empty()
                          ? json::value(nullptr)
                          : json::value(view(step_word(exporter.findings.front().step)))}});
    for (const Finding& finding : exporter.findings)
      findings.push_back(finding_json(finding, json::value(view(exporter.name))));
  }
  all.emplace("exporters", std::move(exporters));
  all.emplace("findings", std::move(findings));
  return json::serialize(all) + "\n";
}

}  // namespace weir::app
