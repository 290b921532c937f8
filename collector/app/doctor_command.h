#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace weir::app {

enum class DoctorFormat : std::uint8_t { Text, Json };

struct DoctorOptions {
  std::string url = "http://127.0.0.1:10055";
  DoctorFormat format = DoctorFormat::Text;
};

/// `weir doctor`: asks a running collector for its state and says, for each exporter, which
/// step of the way fails first and how to mend it. Returns the exit code: 0 when all is well, 1
/// when something fails or the collector cannot be reached, 2 for a URL that is none.
[[nodiscard]] int run_doctor(const DoctorOptions& options, std::FILE* out, std::FILE* err);

}  // namespace weir::app
