#include "collector/app/decode_command.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "collector/app/decode_summary.h"
#include "collector/app/record_json.h"
#include "collector/app/record_table.h"
#include "collector/app/template_text.h"
#include "collector/ingest/pcap_file.h"
#include "collector/model/decode_error.h"
#include "collector/model/record_sink.h"
#include "collector/wire/decoder.h"

namespace weir::app {
namespace {

/// Writes a line and leaves a failed write to the check at the end: a full disk is one
/// sentence there, not one for each record.
void write_line(std::FILE* out, const std::string& line) {
  std::fwrite(line.data(), 1, line.size(), out);
  std::fputc('\n', out);
}

class JsonPrinter final : public RecordSink {
 public:
  explicit JsonPrinter(std::FILE* out) noexcept : out_(out) {}

  void take(const MessageContext& context, std::span<const FlowRecord> records) override {
    for (const FlowRecord& record : records) write_line(out_, record_json(context, record));
  }
  void take(const MessageContext& context, const CounterRecord& record) override {
    write_line(out_, record_json(context, record));
  }

 private:
  std::FILE* out_;
};

/// Prints flow records, and templates where they are defined; readings of interface counters
/// are counted at the end only.
class TablePrinter final : public RecordSink {
 public:
  explicit TablePrinter(std::FILE* out) : out_(out), table_(out) {}

  void take(const MessageContext& context, std::span<const FlowRecord> records) override {
    for (const FlowRecord& record : records) table_.add(context, record);
  }
  void take(const MessageContext& /*context*/, const CounterRecord& /*record*/) override {}

  void show(const wire::LearnedTemplate& learned) {
    table_.flush();
    const std::string text = template_text(learned);
    std::fwrite(text.data(), 1, text.size(), out_);
  }
  void flush() { table_.flush(); }

 private:
  std::FILE* out_;
  RecordTable table_;
};

struct Totals {
  std::uint64_t datagrams = 0;
  std::uint64_t records = 0;
  std::uint64_t counter_samples = 0;
  std::uint64_t malformed = 0;
  std::uint64_t sets_without_template = 0;
  std::uint64_t rescued_records = 0;
  std::int64_t undecoded_bytes = 0;  ///< of these, that wait or were given up
  std::array<std::uint64_t, kDecodeErrors> reasons{};

  void count(const wire::DecodeOutcome& outcome) noexcept {
    ++datagrams;
    records += outcome.records;
    counter_samples += outcome.counter_samples;
    if (outcome.malformed_total != 0) ++malformed;
    sets_without_template += outcome.sets_without_template;
    rescued_records += outcome.rescued_records;
    undecoded_bytes += std::int64_t{outcome.held_bytes} - outcome.rescued_bytes;
    for (std::size_t i = 0; i < kDecodeErrors; ++i) reasons[i] += outcome.malformed[i];
  }
};

/// Decodes all files with one decoder, as if their datagrams had come to one socket. `count`
/// takes the outcome of each. False when a file could not be read to its end.
template <class Count>
bool decode_files(const std::vector<std::string>& paths, RecordSink& sink, std::FILE* err,
                  Count count, wire::TemplateWatcher watcher = {}) {
  wire::Decoder decoder{wire::make_shared_decoder_state(), wire::DecoderLimits{}};
  decoder.watch_templates(std::move(watcher));
  bool is_whole = true;
  for (const std::string& path : paths) {
    auto file = ingest::PcapFile::open(path);
    if (!file) {
      fmt::print(err, "weir: {}\n", file.error().message);
      is_whole = false;
      continue;
    }
    for (;;) {
      const auto datagram = file->next_datagram();
      if (!datagram) {
        fmt::print(err, "weir: {}\n", datagram.error().message);
        is_whole = false;
        break;
      }
      if (!*datagram) break;
      count(decoder.decode(**datagram, sink));
    }
    if (file->cut_short()) fmt::print(err, "weir: {}\n", file->warning());
  }
  return is_whole;
}

bool print_json(const DecodeOptions& options, std::FILE* out, std::FILE* err) {
  JsonPrinter printer{out};
  return decode_files(options.paths, printer, err, [](const wire::DecodeOutcome&) {});
}

bool print_summary(const DecodeOptions& options, std::FILE* out, std::FILE* err) {
  DecodeSummary summary;
  const bool is_whole =
      decode_files(options.paths, summary, err,
                   [&summary](const wire::DecodeOutcome& outcome) { summary.count(outcome); });
  // An object of zeros in place of an unread file would pass for an answer.
  if (is_whole || summary.datagrams() != 0) write_line(out, summary.json());
  return is_whole;
}

/// What a person would otherwise miss in the table.
void print_troubles(const Totals& totals, std::FILE* out) {
  if (totals.sets_without_template != 0)
    write_line(
        out,
        fmt::format("sets before their template: {} ({} records of them decoded when it "
                    "came, {} bytes never)",
                    totals.sets_without_template, totals.rescued_records, totals.undecoded_bytes));
  for (std::size_t i = 0; i < kDecodeErrors; ++i)
    if (totals.reasons[i] != 0)
      write_line(out, fmt::format("malformed: {} {}", totals.reasons[i],
                                  decode_error_name(static_cast<DecodeError>(i))));
}

bool print_table(const DecodeOptions& options, std::FILE* out, std::FILE* err) {
  TablePrinter printer{out};
  Totals totals;
  const bool is_whole = decode_files(
      options.paths, printer, err,
      [&totals](const wire::DecodeOutcome& outcome) { totals.count(outcome); },
      [&printer](const wire::LearnedTemplate& learned) { printer.show(learned); });
  printer.flush();
  print_troubles(totals, out);
  write_line(
      out, fmt::format("{} datagrams ({} malformed), {} records, {} counter samples",
                       totals.datagrams, totals.malformed, totals.records, totals.counter_samples));
  return is_whole;
}

}  // namespace

int run_decode(const DecodeOptions& options, std::FILE* out, std::FILE* err) {
  bool is_whole = false;
  switch (options.format) {
    case DecodeFormat::Text:
      is_whole = print_table(options, out, err);
      break;
    case DecodeFormat::Json:
      is_whole = print_json(options, out, err);
      break;
    case DecodeFormat::Summary:
      is_whole = print_summary(options, out, err);
      break;
  }
  if (std::fflush(out) != 0 || std::ferror(out) != 0) {
    fmt::print(err, "weir: cannot write the result: {}\n", std::strerror(errno));
    return 1;
  }
  return is_whole ? 0 : 1;
}

}  // namespace weir::app
