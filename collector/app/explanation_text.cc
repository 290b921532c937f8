#include <fmt/format.h>

#include <string>
#include <variant>
#include <vector>

#include "collector/app/explanation.h"
#include "collector/app/rfc3339.h"

namespace weir::app {
namespace {

double mbit(std::uint64_t bits_per_second) noexcept {
  return static_cast<double>(bits_per_second) / 1e6;
}

double percent(billing::Share share) noexcept { return share.value() / 1e4; }

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

void print_state(std::FILE* out, const Explanation& all) {
  fmt::print(out, "{} ({}), {} to {}\n", all.contract, all.customer, rfc3339(all.start),
             rfc3339(all.start + billing::kLedgerInterval));
  if (!all.is_measured()) {
    fmt::print(out, "missing: nothing was measuring then, so that no bill counts it\n");
  } else {
    switch (all.interval.state()) {
      case billing::IntervalState::Measured:
        fmt::print(out, "measured: a bill counts it as whole\n");
        break;
      case billing::IntervalState::MeasuredZero:
        fmt::print(out, "measured zero: it was heard whole, and there was no traffic\n");
        break;
      case billing::IntervalState::Partial:
        fmt::print(out, "partial: {:.2f} % of it was heard, so that its number is too low\n",
                   percent(all.interval.completeness));
        break;
      case billing::IntervalState::Missing:
        fmt::print(out, "missing: its routers were silent, so that no bill counts it\n");
        break;
      case billing::IntervalState::Masked:
        fmt::print(out, "masked: left out of the bill by a person\n");
        break;
    }
  }
  if (all.closed_month)
    fmt::print(out, "its month {}-{:02} is closed: only a correction changes the bill\n",
               *all.closed_month / 100, *all.closed_month % 100);
  else
    fmt::print(out, "its month is not closed: late records still amend it\n");
}

void print_families(std::FILE* out, const ExplainedDirection& direction) {
  for (const auto& family : direction.families) {
    fmt::print(out,
               "    {}: {}, {} packets, {} bytes, {} bit/s, standard deviation {} bytes, +- {} "
               "bit/s (95 %)\n",
               family_name(family.family), counted(family.amount.records, "record", "records"),
               family.amount.packets, family.amount.bytes, family.amount.bits_per_second(),
               family.amount.standard_deviation(), family.amount.error_bits_per_second());
    if (family.late != ExplainedAmount{})
      fmt::print(out, "    of these {}, {} bytes came late and were added after the close\n",
                 counted(family.late.records, "record", "records"), family.late.bytes);
    if (family.amendments != 0)
      fmt::print(out, "    amended {}\n", counted(family.amendments, "time", "times"));
  }
}

std::string layer_sentence(const LayerRule& rule) {
  const std::string_view reported = rule.reports_frames ? "frames" : "IP packets";
  if (rule.bytes_per_packet < 0)
    return fmt::format("reports {}; the IP packet inside counts", reported);
  if (rule.bytes_per_packet == 0)
    return fmt::format("reports {}, which count as they are", reported);
  std::string text =
      fmt::format("reports {}; the layer adds {} bytes to each", reported, rule.bytes_per_packet);
  if (rule.bytes_per_tag != 0) text += fmt::format(", {} for each 802.1Q tag", rule.bytes_per_tag);
  if (rule.shortest != 0) text += fmt::format(", and counts at least {}", rule.shortest);
  return text;
}

std::string sampling_sentence(const ledger::ExportRow& row) {
  if (row.smallest_sampling == 0) return "no record could be scaled by a sampling interval";
  if (row.largest_sampling == 1) return "unsampled";
  if (row.smallest_sampling == row.largest_sampling)
    return fmt::format("sampled 1 in {}", row.smallest_sampling);
  return fmt::format("sampled between 1 in {} and 1 in {}", row.smallest_sampling,
                     row.largest_sampling);
}

void print_export(std::FILE* out, const ledger::ExportRow& row, Layer layer) {
  fmt::print(out, "    {}: {} with {}, {}\n", protocol_name(row.protocol),
             counted(row.datagrams, "datagram", "datagrams"),
             counted(row.records, "record", "records"), sampling_sentence(row));
  std::string troubles;
  if (row.duplicate_datagrams != 0)
    troubles +=
        fmt::format("; {} came twice", counted(row.duplicate_datagrams, "datagram", "datagrams"));
  if (row.restarts != 0)
    troubles += fmt::format("; restarted {}", counted(row.restarts, "time", "times"));
  fmt::print(out, "        {} received, {} lost, as the protocol numbers them{}\n", row.received,
             row.lost, troubles);
  fmt::print(out, "        {}\n", layer_sentence(layer_rule(layer, row.protocol)));
  std::string fates;
  for (std::size_t i = 0; i < kFates; ++i)
    if (row.bytes[i] != 0)
      fates += fmt::format("{}{} {}", fates.empty() ? "" : ", ", row.bytes[i],
                           fate_name(static_cast<Fate>(i)));
  fmt::print(out, "        bytes of all that it reported: {}\n", fates.empty() ? "none" : fates);
}

std::string_view state_sentence(ExplainedExporter::State state) noexcept {
  switch (state) {
    case ExplainedExporter::State::Whole:
      return "all of its export came";
    case ExplainedExporter::State::Lossy:
      return "part of its export was lost";
    case ExplainedExporter::State::Silent:
      return "silent: nothing came";
    case ExplainedExporter::State::Unknown:
      break;
  }
  return "the ledger does not say what came of it";
}

void print_exporters(std::FILE* out, const Explanation& all) {
  if (all.exporters.empty()) return;
  fmt::print(out, "what arrived from its routers in these five minutes:\n");
  for (const auto& exporter : all.exporters) {
    fmt::print(out, "  {}: {}\n", exporter.name, state_sentence(exporter.state));
    for (const auto& row : exporter.exports) print_export(out, row, all.layer);
  }
}

struct AttachmentPrinter {
  std::FILE* out;
  const ExplainedAttachment& one;

  void operator()(const contracts::InterfaceAttachment& at) const {
    std::string text = one.interface_name.empty() ? "" : " " + one.interface_name;
    if (one.interface) text += fmt::format(" (ifIndex {})", *one.interface);
    if (at.vlan) text += fmt::format(", VLAN {}", *at.vlan);
    fmt::print(out, "  interface{} of {}\n", text, at.exporter);
    if (!one.passed) return;
    for (const InterfaceSide side : {InterfaceSide::Ingress, InterfaceSide::Egress}) {
      const auto place = static_cast<std::size_t>(side);
      const auto& counter = one.passed->counter_bytes[place];
      fmt::print(out, "    {}: {} bytes by flows, {}\n", side_name(side),
                 one.passed->flow_bytes[place],
                 counter ? fmt::format("{} bytes by its own counters", *counter)
                         : std::string("its own counters do not cover it"));
    }
  }
  void operator()(const contracts::PrefixAttachment& at) const {
    fmt::print(out, "  prefix {}, where traffic enters or leaves the backbone\n",
               at.prefix.to_string());
  }
  void operator()(const contracts::AsAttachment& at) const {
    fmt::print(out, "  AS {}, where traffic enters or leaves the backbone\n", at.asn);
  }
};

}  // namespace

void print_text(std::FILE* out, const Explanation& all) {
  print_state(out, all);
  fmt::print(out, "it counts at:\n");
  for (const auto& one : all.attachments)
    std::visit(AttachmentPrinter{.out = out, .one = one}, one.attachment.where);
  if (all.is_measured()) {
    fmt::print(out, "what it carried, in bytes of layer {}:\n", layer_name(all.layer));
    for (const auto& direction : all.directions) {
      const auto& amount = direction.amount;
      fmt::print(out, "  {}: {} bytes, {:.6f} Mbit/s +- {:.6f} (95 %)\n",
                 direction_name(direction.direction), amount.bytes, mbit(amount.bits_per_second()),
                 mbit(amount.error_bits_per_second()));
      print_families(out, direction);
    }
    for (const auto& row : all.coverage)
      fmt::print(out, "measured by {}: {} of {} s\n", row.run, row.seconds,
                 ledger::kIntervalSeconds);
  }
  print_exporters(out, all);
  for (const auto& mask : all.masks)
    fmt::print(out, "masked {} to {} by {}: {}\n", rfc3339(traffic_time_ms(mask.from * 1'000)),
               rfc3339(traffic_time_ms(mask.until * 1'000)), mask.author, mask.reason);
  if (all.is_measured())
    fmt::print(out,
               "a rate is bytes * 8 / {}, rounded down; docs/billing.md says what a bill makes of "
               "it\n",
               ledger::kIntervalSeconds);
}

}  // namespace weir::app
