#include "collector/app/generate_command.h"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

#include "collector/generator/backbone.h"
#include "collector/generator/calendar.h"
#include "collector/generator/pacer.h"
#include "collector/generator/pcap_writer.h"
#include "collector/generator/quantities.h"
#include "collector/generator/scenario_file.h"
#include "collector/generator/traffic_plan.h"
#include "collector/generator/truth.h"
#include "collector/generator/udp_sender.h"

namespace weir::app {
namespace {

using namespace std::chrono_literals;
using generator::Emission;
using generator::ExporterPlan;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

/// A record reaches back this much before its export at most, so that older intervals of the
/// truth are complete: active and inactive timeout and a datagram held back.
constexpr TrafficSpan kTruthSettles = 1h;

struct FileCloser {
  void operator()(std::FILE* file) const noexcept { (void)std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

/// When to play, from the options and the scenario.
struct Span {
  TrafficTime start;
  std::optional<TrafficTime> end;
};

Result<Span> played_span(const GenerateOptions& options, const generator::Scenario& scenario) {
  Span span;
  auto start = scenario.start;
  if (options.start == "now") {
    start.reset();
  } else if (!options.start.empty()) {
    start = generator::parse_rfc3339(options.start);
    if (!start)
      return failure(ErrorCode::Usage,
                     fmt::format("--start {} is not a time; write now or 2026-01-31T15:00:00Z",
                                 options.start));
  }
  span.start = start ? *start : std::chrono::floor<std::chrono::seconds>(traffic_now());
  auto duration = scenario.duration;
  if (!options.duration.empty()) {
    const auto given = generator::parse_span(options.duration);
    if (!given || *given % 1s != TrafficSpan{0})
      return failure(ErrorCode::Usage,
                     fmt::format("--duration {} is not whole seconds; write such as 600s or 10m",
                                 options.duration));
    duration = *given > TrafficSpan{0} ? given : std::nullopt;
  }
  if (duration) span.end = span.start + *duration;
  if (!span.end && !options.pcap.empty())
    return failure(ErrorCode::Usage,
                   "a capture file needs an end: give --duration, or duration in the scenario");
  return span;
}

/// Where datagrams go: a capture file or a collector.
class Destination {
 public:
  static Result<Destination> open(const GenerateOptions& options,
                                  std::span<const ExporterPlan> exporters) {
    Destination destination(exporters);
    if (!options.pcap.empty()) {
      auto writer = generator::PcapWriter::create(options.pcap);
      if (!writer) return tl::unexpected(writer.error());
      destination.pcap_.emplace(std::move(*writer));
    } else {
      auto sender = generator::UdpSender::open(options.to, exporters);
      if (!sender) return tl::unexpected(sender.error());
      destination.udp_.emplace(std::move(*sender));
    }
    return destination;
  }

  void send(const Emission& emission) {
    ++datagrams_;
    bytes_ += emission.payload.size();
    if (udp_) {
      if (!udp_->send(emission.exporter, emission.payload)) ++refused_;
      return;
    }
    const ExporterPlan& exporter = exporters_[emission.exporter];
    pcap_->write(
        {.source = exporter.address,
         .destination = exporter.address.is_v4() ? IpAddress::v4(0x7f00'0001) : IpAddress::v6(0, 1),
         .source_port = static_cast<std::uint16_t>(49'152 + emission.exporter % 16'384),
         .destination_port = port_of(exporter.protocol),
         .time = emission.time,
         .payload = emission.payload});
  }

  [[nodiscard]] Result<void> close() {
    if (pcap_) return pcap_->close();
    if (refused_ != 0 && refused_ == datagrams_)
      return failure(ErrorCode::Unavailable,
                     fmt::format("none of {} datagrams could be sent; is there a route to the "
                                 "target?",
                                 datagrams_));
    return {};
  }

  /// A collector may be swamped; a file may not.
  [[nodiscard]] bool is_live() const noexcept { return udp_.has_value(); }
  [[nodiscard]] std::uint64_t datagrams() const noexcept { return datagrams_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

 private:
  explicit Destination(std::span<const ExporterPlan> exporters) : exporters_(exporters) {}

  /// Registered ports, where there are any.
  static std::uint16_t port_of(Protocol protocol) noexcept {
    if (protocol == Protocol::Ipfix) return 4'739;
    return protocol == Protocol::Sflow5 ? 6'343 : 2'055;
  }

  std::span<const ExporterPlan> exporters_;
  std::optional<generator::PcapWriter> pcap_;
  std::optional<generator::UdpSender> udp_;
  std::uint64_t datagrams_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t refused_ = 0;
};

/// Plays a scenario to its end or until stopped, and returns when it ended.
class Player {
 public:
  struct Parts {
    generator::Backbone& backbone;
    Destination& destination;
    generator::Pacer& pacer;
    generator::Truth* truth = nullptr;
    std::FILE* truth_file = nullptr;
  };
  explicit Player(const Parts& parts) : parts_(parts) {}

  void play(std::optional<TrafficTime> end) {
    generator::Backbone& backbone = parts_.backbone;
    // A stop takes hold at a whole second, where all export times are exact.
    while (!end || backbone.now() < *end) {
      if (backbone.is_at_whole_second()) {
        if (parts_.pacer.is_stopped()) break;
        if (parts_.truth != nullptr)
          parts_.truth->write_before(backbone.now() - kTruthSettles, parts_.truth_file);
      }
      const auto emissions = backbone.advance();
      parts_.pacer.wait_until(backbone.now());
      send(emissions);
    }
    send(backbone.finish());
    if (parts_.truth != nullptr) parts_.truth->write_all(parts_.truth_file);
  }

 private:
  void send(const std::vector<Emission>& emissions) {
    for (const Emission& emission : emissions) {
      parts_.destination.send(emission);
      if (parts_.destination.is_live()) parts_.pacer.count_datagram();
    }
  }

  Parts parts_;
};

int report(std::FILE* err, const Error& error) {
  fmt::print(err, "weir generate: {}\n", error.message);
  return error.code == ErrorCode::Usage ? kUsage : kFailed;
}

Result<void> check_options(const GenerateOptions& options) {
  if (options.to.empty() == options.pcap.empty())
    return failure(ErrorCode::Usage, "give either --to HOST:PORT or --pcap FILE");
  if (!std::isfinite(options.speed) || options.speed < 0)
    return failure(ErrorCode::Usage, "--speed must be 0 (as fast as allowed) or more");
  return {};
}

void print_notes(std::FILE* err, const std::vector<std::string>& notes) {
  constexpr std::size_t kShown = 5;
  for (std::size_t i = 0; i < notes.size() && i < kShown; ++i)
    fmt::print(err, "weir generate: note: {}\n", notes[i]);
  if (notes.size() > kShown)
    fmt::print(err, "weir generate: note: {} more like these\n", notes.size() - kShown);
}

}  // namespace

int run_generate(const GenerateOptions& options, std::FILE* out, std::FILE* err) {
  if (const auto checked = check_options(options); !checked) return report(err, checked.error());
  auto loaded = generator::load_scenario(options.scenario);
  for (const std::string& problem : loaded.problems) fmt::print(err, "{}\n", problem);
  if (!loaded.scenario) return kUsage;
  generator::Scenario& scenario = *loaded.scenario;
  if (options.seed) scenario.seed = *options.seed;
  const auto span = played_span(options, scenario);
  if (!span) return report(err, span.error());
  const generator::TrafficPlan plan = generator::make_traffic_plan(scenario);
  for (const std::string& problem : plan.problems) fmt::print(err, "{}\n", problem);
  if (!plan.problems.empty()) return kUsage;
  print_notes(err, plan.notes);

  File truth_file;
  std::optional<generator::Truth> truth;
  if (!options.truth.empty()) {
    truth_file.reset(std::fopen(options.truth.c_str(), "w"));
    if (!truth_file)
      return report(err, {ErrorCode::Unavailable,
                          fmt::format("cannot write {}: {}; choose a path that can be written",
                                      options.truth, std::strerror(errno))});
    truth.emplace(plan.contract_ids);
    generator::Truth::write_header(truth_file.get());
  }
  auto destination = Destination::open(options, scenario.exporters);
  if (!destination) return report(err, destination.error());

  generator::Backbone backbone(scenario, plan, span->start, truth ? &*truth : nullptr);
  // Traffic that starts now keeps to the second that the clock shows.
  const auto origin = generator::Pacer::Clock::now();
  const auto into_second = traffic_now() - span->start;
  const bool starts_now = into_second >= 0s && into_second < 2s;
  generator::Pacer pacer(span->start, starts_now ? origin - into_second : origin,
                         options.pcap.empty() ? options.speed : 0.0, options.stop);
  Player({.backbone = backbone,
          .destination = *destination,
          .pacer = pacer,
          .truth = truth ? &*truth : nullptr,
          .truth_file = truth_file.get()})
      .play(span->end);

  if (const auto closed = destination->close(); !closed) return report(err, closed.error());
  if (truth_file && (std::ferror(truth_file.get()) != 0 || std::fclose(truth_file.release()) != 0))
    return report(err, {ErrorCode::Unavailable,
                        fmt::format("writing {} failed; is the disk full?", options.truth)});
  if (destination->refused() != 0)
    fmt::print(err, "weir generate: {} datagrams could not be sent\n", destination->refused());
  fmt::print(out, "{} datagrams, {} bytes of export from {} exporters, {} to {}\n",
             destination->datagrams(), destination->bytes(), scenario.exporters.size(),
             generator::format_rfc3339(span->start), generator::format_rfc3339(backbone.now()));
  return kDone;
}

}  // namespace weir::app
