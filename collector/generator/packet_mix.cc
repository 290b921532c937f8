#include "collector/generator/packet_mix.h"

#include <charconv>

namespace weir::generator {

PacketMix::PacketMix() : classes_{{1'500, 55}, {576, 15}, {52, 30}} {}

std::optional<PacketMix> PacketMix::parse(std::string_view text) {
  if (text == "large") return PacketMix{};
  if (text == "imix") return PacketMix{{{40, 58}, {576, 33}, {1'500, 9}}};
  if (text == "small") return PacketMix{{{64, 70}, {200, 25}, {576, 5}}};
  constexpr std::string_view kFixed = "fixed ";
  if (!text.starts_with(kFixed)) return std::nullopt;
  text.remove_prefix(kFixed.size());
  std::uint32_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error != std::errc{} || end != text.data() + text.size() || bytes < 40 || bytes > 9'000)
    return std::nullopt;
  return PacketMix{{{bytes, 100}}};
}

double PacketMix::mean_ip_bytes() const noexcept {
  double sum = 0;
  for (const PacketClass& one : classes_) sum += one.ip_bytes * (one.percent / 100.0);
  return sum;
}

}  // namespace weir::generator
