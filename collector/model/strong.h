#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace weir {
inline namespace model {

/// A number with a meaning of its own: distinct from every other `Strong`, made
/// only explicitly, compared only with its own kind.
///
/// `Tag` is any (also incomplete) type that names the meaning.
template <class Tag, class Rep>
class Strong {
 public:
  using rep = Rep;

  constexpr Strong() noexcept = default;
  constexpr explicit Strong(Rep value) noexcept : value_(value) {}

  [[nodiscard]] constexpr Rep value() const noexcept { return value_; }

  friend constexpr auto operator<=>(Strong, Strong) noexcept = default;

 private:
  Rep value_{};
};

}  // namespace model
}  // namespace weir

template <class Tag, class Rep>
struct std::hash<weir::Strong<Tag, Rep>> {
  std::size_t operator()(weir::Strong<Tag, Rep> id) const noexcept {
    return std::hash<Rep>{}(id.value());
  }
};
