#include "exporters/prometheus/process_use.h"

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace weir::prometheus {
namespace {

[[nodiscard]] std::string content_of(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

[[nodiscard]] std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

[[nodiscard]] std::optional<std::uint64_t> number_at(const std::vector<std::string>& words,
                                                     std::size_t index) {
  if (index >= words.size()) return std::nullopt;
  std::uint64_t number = 0;
  const std::string& word = words[index];
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{}) return std::nullopt;
  return number;
}

/// When the machine started, UTC (proc(5), /proc/stat, "btime").
[[nodiscard]] std::optional<std::uint64_t> boot_seconds() {
  const std::string text = content_of("/proc/stat");
  const std::size_t line = text.find("\nbtime ");
  if (line == std::string::npos) return std::nullopt;
  return number_at(words_of(text.substr(line, 64)), 1);
}

[[nodiscard]] std::optional<std::uint64_t> count_open_files() {
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  if (error) return std::nullopt;
  std::uint64_t count = 0;
  for (; entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (error) return std::nullopt;
    ++count;
  }
  return count - 1;  // one is the directory being read
}

void add_one(MetricSet& set, std::string name, std::string help, Kind kind, std::string unit,
             std::optional<Value> value) {
  if (!value) return;
  set.add(std::move(name), std::move(help), kind, std::move(unit))
      .samples.push_back({.labels = {}, .value = *value});
}

template <class T>
[[nodiscard]] std::optional<Value> value_of(const std::optional<T>& number) {
  if (!number) return std::nullopt;
  return Value(*number);
}

}  // namespace

ProcessUse read_process_use() {
  ProcessUse use;
  const std::string stat = content_of("/proc/self/stat");
  // The second field is the program's name in brackets and may hold anything (proc(5)): what
  // follows the last bracket is field 3 and up.
  const std::size_t bracket = stat.rfind(')');
  if (bracket != std::string::npos) {
    const std::vector<std::string> fields = words_of(stat.substr(bracket + 1));
    constexpr std::size_t kFirst = 3;  // number of fields[0]
    const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    const auto user = number_at(fields, 14 - kFirst);
    const auto system = number_at(fields, 15 - kFirst);
    if (user && system) use.cpu_seconds = static_cast<double>(*user + *system) / ticks;
    use.threads = number_at(fields, 20 - kFirst);
    const auto started = number_at(fields, 22 - kFirst);
    const auto boot = boot_seconds();
    if (started && boot) {
      use.start_seconds = static_cast<double>(*boot) + static_cast<double>(*started) / ticks;
    }
    use.virtual_bytes = number_at(fields, 23 - kFirst);
    if (const auto pages = number_at(fields, 24 - kFirst)) {
      use.resident_bytes = *pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    }
  }
  use.open_files = count_open_files();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) use.most_open_files = limit.rlim_cur;
  return use;
}

void add_process_families(MetricSet& set, const ProcessUse& use) {
  add_one(set, "process_cpu_seconds_total", "CPU time that the process has used.", Kind::Counter,
          "seconds", value_of(use.cpu_seconds));
  add_one(set, "process_resident_memory_bytes", "Memory of the process that is in RAM.",
          Kind::Gauge, "bytes", value_of(use.resident_bytes));
  add_one(set, "process_virtual_memory_bytes", "Address space of the process.", Kind::Gauge,
          "bytes", value_of(use.virtual_bytes));
  add_one(set, "process_open_fds", "File descriptors that the process holds.", Kind::Gauge, {},
          value_of(use.open_files));
  add_one(set, "process_max_fds", "File descriptors that the process may hold.", Kind::Gauge, {},
          value_of(use.most_open_files));
  add_one(set, "process_threads", "Threads of the process.", Kind::Gauge, {},
          value_of(use.threads));
  add_one(set, "process_start_time_seconds", "When the process started, as Unix time.", Kind::Gauge,
          "seconds", value_of(use.start_seconds));
}

}  // namespace weir::prometheus
