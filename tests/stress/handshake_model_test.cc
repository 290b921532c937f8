#include "tests/stress/handshake_model.h"

#include <gtest/gtest.h>

namespace weir::core {
namespace {

TEST(HandshakeModel, KeepsEveryByteInItsBucket) {
  EXPECT_EQ(judge_handshake(Orders::AsWritten), Verdict::Holds);
}

TEST(HandshakeModel, FailsWithoutReleaseAndAcquireOfTheFrontier) {
  EXPECT_EQ(judge_handshake(Orders::FrontierRelaxed), Verdict::LosesBytes);
}

TEST(HandshakeModel, FailsWithoutReleaseAndAcquireOfThePlaces) {
  EXPECT_EQ(judge_handshake(Orders::PlacesRelaxed), Verdict::LosesBytes);
}

}  // namespace
}  // namespace weir::core
