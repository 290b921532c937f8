// Arguments and exit codes: 0 done, 1 failed at run time, 2 wrong usage or configuration.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "collector/app/capacity_command.h"
#include "collector/app/check_command.h"
#include "collector/app/close_command.h"
#include "collector/app/correct_command.h"
#include "collector/app/decode_command.h"
#include "collector/app/doctor_command.h"
#include "collector/app/explain_command.h"
#include "collector/app/generate_command.h"
#include "collector/app/import_command.h"
#include "collector/app/mask_command.h"
#include "collector/app/replay_command.h"
#include "collector/app/report_command.h"
#include "collector/app/serve_command.h"
#include "collector/app/stop_on_signal.h"
#include "collector/app/version.h"

namespace {

using Action = std::function<int()>;

void add_serve(CLI::App& app, Action& action) {
  auto options = std::make_shared<weir::app::ServeOptions>();
  auto* command = app.add_subcommand("serve", "Run the collector");
  command->add_option("--config,-c", options->config, "Configuration file (YAML)")->required();
  command
      ->add_option("--log-format", options->log_format,
                   "Log as text (default) or json, one object a line")
      ->transform(CLI::CheckedTransformer(std::map<std::string, weir::app::LogFormat>{
          {"text", weir::app::LogFormat::Text}, {"json", weir::app::LogFormat::Json}}));
  command->callback([options, &action] {
    action = [options] { return weir::app::run_serve(*options, stderr); };
  });
}

void add_check(CLI::App& app, Action& action) {
  auto path = std::make_shared<std::string>();
  auto* command = app.add_subcommand(
      "check", "Validate a configuration and its contracts; print what was understood");
  command->add_option("FILE", *path, "Configuration file (YAML)")->required();
  command->callback(
      [path, &action] { action = [path] { return weir::app::run_check(*path, stdout, stderr); }; });
}

void add_import(CLI::App& app, Action& action) {
  using weir::app::ContractFormat;
  using weir::app::DiffFormat;
  auto options = std::make_shared<weir::app::ImportOptions>();
  auto* command = app.add_subcommand(
      "import", "Take contracts from a file or URL; print what changes, and write it");
  command->add_option("--config,-c", options->config, "Configuration file (YAML)")->required();
  command->add_option("SOURCE", options->source, "Path, - for standard input, or http(s) URL")
      ->required();
  command->add_flag_callback(
      "--dry-run", [options] { options->mode = weir::app::ImportMode::DryRun; },
      "Print what would change, and change nothing");
  command
      ->add_option("--format", options->format,
                   "csv, json or yaml; else by content type or the name's ending")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, ContractFormat>{{"csv", ContractFormat::Csv},
                                                {"json", ContractFormat::Json},
                                                {"yaml", ContractFormat::Yaml}}));
  command->add_option("--output,-o", options->output,
                      "File to compare with and to replace (.yaml, .csv), instead of the "
                      "configuration's contracts file");
  command
      ->add_option("--header", options->headers,
                   "`Name: value` to send; may be repeated. Secrets belong in --header-file")
      ->allow_extra_args(false);
  command->add_option("--header-file", options->header_file, "File of such headers, one a line");
  command->add_option("--ca", options->ca,
                      "PEM file of the authorities to trust, instead of the system's");
  command->add_option("--timeout", options->timeout_seconds, "Seconds for the source (default 60)")
      ->check(CLI::Range(1U, 3'600U));
  command->add_option("--allow-removals", options->allow_removals,
                      "How many contracts may vanish: a number, a share (default 10%), or all");
  command->add_option("--diff-format", options->diff_format, "text (default) or json")
      ->transform(CLI::CheckedTransformer(std::map<std::string, DiffFormat>{
          {"text", DiffFormat::Text}, {"json", DiffFormat::Json}}));
  command->footer(
      "Exit codes: 0 done, 1 the source or the writing failed, 2 wrong usage, invalid contracts or "
      "too many removed. The contracts file is changed with 0 alone.");
  command->callback([options, &action] {
    action = [options] { return weir::app::run_import(*options, stdout, stderr); };
  });
}

void add_replay(CLI::App& app, Action& action) {
  auto options = std::make_shared<weir::app::ReplayOptions>();
  auto* command = app.add_subcommand(
      "replay", "Run the collector over capture files; print per-contract intervals");
  command->add_option("--config,-c", options->config, "Configuration file (YAML)")->required();
  command
      ->add_option("--output,-o", options->format,
                   "text (default), json (one object a line), csv, or protobuf "
                   "(length-delimited messages of proto/bucket_batch.proto)")
      ->transform(CLI::CheckedTransformer(std::map<std::string, weir::app::ReplayFormat>{
          {"text", weir::app::ReplayFormat::Text},
          {"json", weir::app::ReplayFormat::Json},
          {"csv", weir::app::ReplayFormat::Csv},
          {"protobuf", weir::app::ReplayFormat::Protobuf}}));
  command->add_option("--ledger", options->ledger,
                      "Keep the intervals there too (a SQLite file, or postgresql://...)");
  command->add_flag("--verbose", options->is_verbose,
                    "Say on standard error when an interval is in the ledger");
  command->add_option("PCAP", options->captures, "Capture files (pcap, pcapng)")->required();
  command->callback([options, &action] {
    action = [options] { return weir::app::run_replay(*options, stdout, stderr); };
  });
}

void add_decode(CLI::App& app, Action& action) {
  auto options = std::make_shared<weir::app::DecodeOptions>();
  auto* command = app.add_subcommand("decode", "Print the flow records of capture files");
  command->add_option("PCAP", options->paths, "Capture files (pcap, pcapng)")->required();
  auto* json = command->add_flag_callback(
      "--json", [options] { options->format = weir::app::DecodeFormat::Json; },
      "One JSON object a record");
  command
      ->add_flag_callback(
          "--summary", [options] { options->format = weir::app::DecodeFormat::Summary; },
          "One JSON object: totals per exporter, domain and interface")
      ->excludes(json);
  command->callback([options, &action] {
    action = [options] { return weir::app::run_decode(*options, stdout, stderr); };
  });
}

void add_generate(CLI::App& app, Action& action) {
  auto options = std::make_shared<weir::app::GenerateOptions>();
  auto* command = app.add_subcommand(
      "generate", "Play synthetic exporters with known truth to a collector or into a capture");
  command->add_option("SCENARIO", options->scenario, "Scenario file (YAML)")->required();
  auto* target = command->add_option_group("target", "Where the traffic goes");
  target->add_option("--to", options->to, "HOST:PORT of a collector");
  target->add_option("--pcap", options->pcap, "Capture file to write");
  target->require_option(1);
  command->add_option("--truth", options->truth, "CSV file for what was really exported");
  command->add_option("--speed", options->speed,
                      "Traffic seconds per second (default 1); 0: as fast as allowed");
  command->add_option("--duration", options->duration,
                      "How much traffic, such as 10m; 0: until stopped");
  command->add_option("--seed", options->seed, "Random seed, instead of the scenario's");
  command->add_option("--start", options->start, "First instant (RFC 3339, UTC) or now");
  command->callback([options, &action] {
    action = [options] {
      const weir::app::StopOnSignal stop;
      options->stop = &stop.requested();
      return weir::app::run_generate(*options, stdout, stderr);
    };
  });
}

void add_doctor(CLI::App& app, Action& action) {
  auto options = std::make_shared<weir::app::DoctorOptions>();
  auto* command = app.add_subcommand(
      "doctor", "Say for each exporter of a running collector what fails, and how to mend it");
  command->add_option("--url", options->url,
                      "Where the collector's HTTP server is (default http://127.0.0.1:10055)");
  command->add_flag_callback(
      "--json", [options] { options->format = weir::app::DoctorFormat::Json; }, "One JSON object");
  command->footer(
      "Exit codes: 0 all is well, 1 something fails or the collector is not reached, 2 wrong "
      "usage.");
  command->callback([options, &action] {
    action = [options] { return weir::app::run_doctor(*options, stdout, stderr); };
  });
}

void add_report(CLI::App& app, Action& action) {
  auto options = std::make_shared<weir::app::ReportOptions>();
  auto* command = app.add_subcommand("report", "Bills and utilisation of a month, from the ledger");
  command->add_option("--config,-c", options->config, "Configuration file (YAML)")->required();
  auto* month = command->add_option("--month", options->month, "Which month, such as 2026-04");
  command->add_option("--quarter", options->quarter, "Which quarter instead, such as 2026Q1")
      ->excludes(month);
  command
      ->add_option("--fiscal-month", options->fiscal_month,
                   "Month in which the fiscal year begins (default 4)")
      ->check(CLI::Range(1U, 12U));
  command->add_option("--contract", options->contract, "Of this contract alone");
  command->add_option("--format", options->format, "text (default), json, csv or html")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, weir::app::ReportFormat>{{"text", weir::app::ReportFormat::Text},
                                                         {"json", weir::app::ReportFormat::Json},
                                                         {"csv", weir::app::ReportFormat::Csv},
                                                         {"html", weir::app::ReportFormat::Html}}));
  command->add_flag_callback(
      "--revisions", [options] { options->shows = weir::app::ReportShows::Revisions; },
      "Instead of bills, every revision of the closed ones: who, when, why");
  command->callback([options, &action] {
    action = [options] { return weir::app::run_report(*options, stdout, stderr); };
  });
}

void add_capacity(CLI::App& app, Action& action) {
  auto options = std::make_shared<weir::app::CapacityOptions>();
  auto* command = app.add_subcommand(
      "capacity", "Which contracts, links and groups run out, and when, from the ledger");
  command->add_option("--config,-c", options->config, "Configuration file (YAML)")->required();
  command->add_option("--format", options->format, "text (default), json or csv")
      ->transform(CLI::CheckedTransformer(std::map<std::string, weir::app::CapacityFormat>{
          {"text", weir::app::CapacityFormat::Text},
          {"json", weir::app::CapacityFormat::Json},
          {"csv", weir::app::CapacityFormat::Csv}}));
  command->callback([options, &action] {
    action = [options] { return weir::app::run_capacity(*options, stdout, stderr); };
  });
}

void add_close(CLI::App& app, Action& action) {
  auto options = std::make_shared<weir::app::CloseOptions>();
  auto* command = app.add_subcommand(
      "close", "Keep the bills of periods that are over: only a correction changes them then");
  command->add_option("--config,-c", options->config, "Configuration file (YAML)")->required();
  command->add_option("--month", options->month, "Of this month alone, such as 2026-04");
  command->add_option("--contract", options->contract, "Of this contract alone");
  command->add_option("--author", options->author, "Who closes them (default weir)");
  command->add_flag_callback(
      "--dry-run", [options] { options->mode = weir::app::CloseMode::List; },
      "Say what would be closed, and write nothing");
  command->callback([options, &action] {
    action = [options] { return weir::app::run_close(*options, stdout, stderr); };
  });
}

void add_correct(CLI::App& app, Action& action) {
  auto options = std::make_shared<weir::app::CorrectOptions>();
  auto* command = app.add_subcommand(
      "correct", "Change the bill of a closed period, and keep who said so, why, and the old one");
  command->add_option("--config,-c", options->config, "Configuration file (YAML)")->required();
  command->add_option("CONTRACT", options->contract, "Which contract")->required();
  command->add_option("--month", options->month, "Which month, such as 2026-04")->required();
  command->add_option("--author", options->author, "Who says so")->required();
  command->add_option("--reason", options->reason, "Why")->required();
  auto* billable = command->add_option(
      "--billable", options->billable,
      "The rate that was agreed on, such as 1.5G; else what the ledger's rows and masks give");
  command
      ->add_option("--terms", options->terms,
                   "Terms to make it anew under: bill (default), those of the bill, or config")
      ->transform(CLI::CheckedTransformer(std::map<std::string, weir::app::TermsOf>{
          {"bill", weir::app::TermsOf::Bill}, {"config", weir::app::TermsOf::Configuration}}))
      ->excludes(billable);
  command->callback([options, &action] {
    action = [options] { return weir::app::run_correct(*options, stdout, stderr); };
  });
}

void add_explain(CLI::App& app, Action& action) {
  auto options = std::make_shared<weir::app::ExplainOptions>();
  auto* command = app.add_subcommand(
      "explain", "How the number of one contract's five minutes came to be, from the ledger");
  command->add_option("--config,-c", options->config, "Configuration file (YAML)")->required();
  command->add_option("CONTRACT", options->contract, "Which contract")->required();
  command->add_option("TIME", options->time, "A time in it, such as 2026-01-31T15:00:00Z")
      ->required();
  command->add_option("--format", options->format, "text (default) or json")
      ->transform(CLI::CheckedTransformer(std::map<std::string, weir::app::ExplainFormat>{
          {"text", weir::app::ExplainFormat::Text}, {"json", weir::app::ExplainFormat::Json}}));
  command->callback([options, &action] {
    action = [options] { return weir::app::run_explain(*options, stdout, stderr); };
  });
}

void add_mask(CLI::App& app, Action& action) {
  auto options = std::make_shared<weir::app::MaskOptions>();
  auto* command = app.add_subcommand(
      "mask", "Leave a span of time out of a bill, and keep who said so and why");
  command->add_option("--config,-c", options->config, "Configuration file (YAML)")->required();
  command->add_option("--contract", options->contract, "Of this contract alone; else of all");
  command->add_option("--from", options->from, "First instant, such as 2026-01-31T15:00:00Z")
      ->required();
  command->add_option("--until", options->until, "The instant after the last")->required();
  command->add_option("--author", options->author, "Who says so")->required();
  command->add_option("--reason", options->reason, "Why")->required();
  command->callback([options, &action] {
    action = [options] { return weir::app::run_mask(*options, stdout, stderr); };
  });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Weir: traffic and bandwidth collector for NetFlow, IPFIX and sFlow"};
  app.name("weir");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("weir ") + weir::app::kVersion);
  app.footer("Exit codes: 0 done, 1 failed at run time, 2 wrong usage or configuration.");
  Action action;
  add_serve(app, action);
  add_check(app, action);
  add_import(app, action);
  add_replay(app, action);
  add_decode(app, action);
  add_generate(app, action);
  add_doctor(app, action);
  add_report(app, action);
  add_capacity(app, action);
  add_close(app, action);
  add_correct(app, action);
  add_explain(app, action);
  add_mask(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    return action();
  } catch (const std::exception& error) {
    fmt::print(stderr, "weir: {}\n", error.what());
    return 1;
  }
}
