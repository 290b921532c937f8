#include "exporters/remote_write/write_request.h"

#include <gtest/gtest.h>

#include "tests/remote_write/receiver.h"

namespace weir::remote_write {
namespace {

TEST(WriteRequests, ASampleIsASeriesWithSortedLabelsAndItsOwnTime) {
  WriteRequests requests({{"job", "weir"}, {"cluster", "tyo"}, {"zone", "a"}}, [] {
    return std::vector<std::string>{"A", "B \"b\"\n\\"};
  });
  const std::vector<CellSample> samples{{.cell = 0, .value = 5},
                                        {.cell = 7, .value = 4503599627370497.0}};
  const auto label = [](std::string contract, std::string direction, std::string family) {
    return std::map<std::string, std::string>{{"__name__", "weir_contract_bucket_bytes"},
                                              {"contract", std::move(contract)},
                                              {"direction", std::move(direction)},
                                              {"family", std::move(family)},
                                              {"job", "weir"},
                                              {"cluster", "tyo"},
                                              {"zone", "a"}};
  };
  EXPECT_EQ(
      test::unpack(requests.body(1'714'521'610'000, samples)),
      (std::vector<test::ReceivedSample>{
          {.labels = label("A", "from_customer", "ipv4"), .value = 5, .time_ms = 1'714'521'610'000},
          {.labels = label("B \"b\"\n\\", "to_customer", "ipv6"),
           .value = 4503599627370497.0,
           .time_ms = 1'714'521'610'000}}));
}

TEST(WriteRequests, AStaleMarkerKeepsItsBits) {
  WriteRequests requests({}, [] { return std::vector<std::string>{"A"}; });
  const std::vector<CellSample> samples{{.cell = 1, .value = stale_marker()}};
  const auto received = test::unpack(requests.body(1, samples));
  ASSERT_EQ(received.size(), 1U);
  EXPECT_TRUE(is_stale_marker(received[0].value));
}

TEST(WriteRequests, ContractsThatComeWithAReloadAreAskedForWhenMet) {
  std::vector<std::string> names{"A"};
  int asked = 0;
  WriteRequests requests({}, [&] {
    ++asked;
    return names;
  });
  static_cast<void>(requests.body(1, std::vector<CellSample>{{.cell = 0, .value = 1}}));
  names.emplace_back("B");
  const auto received =
      test::unpack(requests.body(2, std::vector<CellSample>{{.cell = 4, .value = 1}}));
  EXPECT_EQ(received.at(0).labels.at("contract"), "B");
  static_cast<void>(requests.body(3, std::vector<CellSample>{{.cell = 0, .value = 1}}));
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(
      requests.describe(5),
      "weir_contract_bucket_bytes{contract=\"B\",direction=\"from_customer\",family=\"ipv6\"}");
}

}  // namespace
}  // namespace weir::remote_write
