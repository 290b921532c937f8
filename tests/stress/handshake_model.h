#pragma once

namespace weir::core {

/// Which orders of memory the checked handshake keeps. Anything but AsWritten must fail: that
/// shows that the model would see the mistake.
enum class Orders {
  AsWritten,
  FrontierRelaxed,  ///< neither release nor acquire at the frontier
  PlacesRelaxed,    ///< neither release nor acquire at the places of the ring
};

enum class Verdict {
  Holds,       ///< every byte is found once, in its own bucket, in every run that was tried
  LosesBytes,  ///< a run was found in which it is not
  Unfit,       ///< the model itself is at fault
};

/// Tries two workers, a closer and a ring of two buckets in many thousand orders.
[[nodiscard]] Verdict judge_handshake(Orders orders);

}  // namespace weir::core
