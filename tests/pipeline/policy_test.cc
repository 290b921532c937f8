#include "collector/pipeline/policy.h"

#include <gtest/gtest.h>

namespace weir::pipeline {
namespace {

constexpr IpAddress kRouter = IpAddress::v4(0xc000'0201);
constexpr IpAddress kOther = IpAddress::v4(0xc000'0209);
constexpr IpAddress kRelay = IpAddress::v4(0xc633'6401);

config::Config config_with_router() {
  config::Config config;
  config.exporters.routers = {{.address = kRouter,
                               .name = "edge1",
                               .sampling = config::SamplingTerms{.default_interval = 1'000}}};
  return config;
}

std::shared_ptr<const Policy> policy_of(const config::Config& config) {
  Registries registries;
  return make_policy(config, registries).value();
}

TEST(Policy, WithoutAnAllowListEverySourceMaySend) {
  EXPECT_TRUE(policy_of(config_with_router())->allows(kOther));
}

TEST(Policy, ConfiguredRoutersMaySendBesideTheAllowList) {
  auto config = config_with_router();
  config.exporters.allow = {*IpPrefix::parse("203.0.113.0/24")};
  const auto policy = policy_of(config);
  EXPECT_TRUE(policy->allows(kRouter));
  EXPECT_FALSE(policy->allows(kOther));
}

TEST(Policy, ARoutersOwnSamplingGoesBeforeTheCommonOne) {
  auto config = config_with_router();
  config.exporters.sampling = {.default_interval = 8'192, .force_interval = 0};
  const auto policy = policy_of(config);
  EXPECT_EQ(policy->sampling_of(kRouter).default_interval, 1'000U);
  EXPECT_EQ(policy->sampling_of(kOther).default_interval, 8'192U);
}

// An agent address is the exporter only where that was configured: payload is not trusted alone.
TEST(Policy, AnSflowAgentIsTheExporterBehindARelayOrWhenItIsConfigured) {
  auto config = config_with_router();
  EXPECT_EQ(policy_of(config)->exporter_address(kRelay, kOther), kRelay);
  EXPECT_EQ(policy_of(config)->exporter_address(kRelay, kRouter), kRouter);
  config.exporters.relays = {kRelay};
  EXPECT_EQ(policy_of(config)->exporter_address(kRelay, kOther), kOther);
  EXPECT_EQ(policy_of(config)->exporter_address(kOther, kOther), kOther);
  EXPECT_EQ(policy_of(config)->exporter_address(kRelay, IpAddress{}), kRelay);
}

TEST(Policy, ExportersAndContractsKeepTheirNumbersOverAReload) {
  Registries registries;
  auto config = config_with_router();
  config.contracts = {{.id = "A"}, {.id = "B"}};
  const auto before = make_policy(config, registries).value();
  config.contracts = {{.id = "C"}, {.id = "B"}};
  const auto after = make_policy(config, registries).value();
  EXPECT_EQ(before->table->contracts()[1].slot, after->table->contracts()[1].slot);
  EXPECT_EQ(after->table->contracts()[0].slot, Slot{2});
}

}  // namespace
}  // namespace weir::pipeline
