#include "collector/config/contract_check.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "collector/config/contract_file.h"

namespace weir::config {
namespace {

using contracts::InterfaceRole;

std::vector<Router> routers(InterfaceRole role) {
  Router router;
  router.address = IpAddress::v4(0xc000'0201);
  router.name = "edge1.tyo";
  router.interfaces.resize(2);
  router.interfaces[0].index = 512;
  router.interfaces[0].name = "et-0/0/1";
  router.interfaces[0].speed = BitsPerSecond{10'000'000'000};
  router.interfaces[0].role = role;
  router.interfaces[1].index = 513;
  router.interfaces[1].name = "et-0/0/2";
  return {router};
}

std::vector<std::string> told(std::string_view text, InterfaceRole role = InterfaceRole::Customer) {
  const auto loaded = read_contracts_yaml(text, "c.yaml");
  std::vector<std::string> lines;
  for (const auto& problem : loaded.problems) lines.push_back(to_string(problem));
  for (const auto& problem : check_contracts(loaded.contracts, routers(role), "c.yaml"))
    lines.push_back(to_string(problem));
  return lines;
}

using Lines = std::vector<std::string>;

TEST(ContractCheck, GoodContractsTellNothing) {
  EXPECT_EQ(told("- {id: A, committed: 1G, attach: [{exporter: edge1.tyo, interface: 512}]}\n"
                 "- {id: B, committed: 1G, attach: [{exporter: 192.0.2.1, interface: et-0/0/2}]}\n"
                 "- {id: C, committed: 1G, attach: [{exporter: edge1.tyo, interface: 9}]}\n"
                 "- {id: D, committed: 1G, attach: [{prefix: 10.0.0.0/8}]}\n"
                 "- {id: E, committed: 1G, attach: [{prefix: 10.1.0.0/16}]}\n"),
            Lines{});
}

TEST(ContractCheck, UnknownExportersAndInterfacesAreToldWithTheNearest) {
  EXPECT_EQ(
      told("- {id: A, committed: 1G, attach: [{exporter: edge1.tokyo, interface: 512}]}\n"
           "- {id: B, committed: 1G, attach: [{exporter: edge1.tyo, interface: et-0/0/3}]}\n"),
      (Lines{"c.yaml:1:1: error: contract A names the exporter `edge1.tokyo`, which is not "
             "configured; did you mean `edge1.tyo`?",
             "c.yaml:2:1: warning: contract B names the interface `et-0/0/3`, which the "
             "configuration of router edge1.tyo does not describe; it counts nothing until the "
             "router announces that name; did you mean `et-0/0/1`?"}));
}

TEST(ContractCheck, CountersBillOneWholePortWhoseIndexIsKnown) {
  EXPECT_EQ(told("- {id: A, committed: 1G, billing: {source: counter}, attach: [{exporter: "
                 "edge1.tyo, interface: 512}]}\n"
                 "- {id: B, committed: 1G, billing: {source: counter}, attach: [{exporter: "
                 "edge1.tyo, interface: et-0/0/2}]}\n"),
            Lines{});
  EXPECT_EQ(
      told(
          "- {id: A, committed: 1G, billing: {source: counter}, attach: [{exporter: edge1.tyo, "
          "interface: 512, vlan: 7}]}\n"
          "- id: B\n"
          "  committed: 1G\n"
          "  billing: {source: counter}\n"
          "  attach:\n"
          "    - {exporter: edge1.tyo, interface: 513}\n"
          "    - {exporter: edge1.tyo, interface: 9}\n"
          "- {id: C, committed: 1G, billing: {source: counter}, attach: [{prefix: 10.0.0.0/8}]}\n"),
      (Lines{"c.yaml:1:1: error: contract A is billed by counter, but is not attached to one whole "
             "port; attach it to one exporter and interface without VLAN, or write `source: flow`",
             "c.yaml:6:1: error: contract B is billed by counter, but is not attached to one whole "
             "port; attach it to one exporter and interface without VLAN, or write `source: flow`",
             "c.yaml:8:1: error: contract C is billed by counter, but is not attached to one whole "
             "port; attach it to one exporter and interface without VLAN, or write `source: "
             "flow`"}));
  const Lines unknown = told(
      "- {id: D, committed: 1G, billing: {source: counter}, attach: [{exporter: edge1.tyo, "
      "interface: xe-9}]}\n");
  ASSERT_EQ(unknown.size(), 2U);
  EXPECT_EQ(unknown[0],
            "c.yaml:1:1: error: contract D is billed by counter, but the ifIndex of its interface "
            "`xe-9` is not in the configuration; write the ifIndex in the attachment, or `index` "
            "beside the name under the router's interfaces");
}

TEST(ContractCheck, TheSourceOfABillIsFlowOrCounterInCsvToo) {
  const auto loaded = read_contracts_csv(
      "id,committed,source,exporter,interface\nA,1G,counter,edge1.tyo,512\nB,1G,,edge1.tyo,513\n",
      "c.csv");
  ASSERT_TRUE(loaded.problems.empty()) << to_string(loaded.problems.front());
  EXPECT_EQ(loaded.contracts[0].billing.source, contracts::BillingSource::Counter);
  EXPECT_EQ(loaded.contracts[1].billing.source, contracts::BillingSource::Flow);
}

TEST(ContractCheck, AnInterfaceThatTheRouterWillNameIsOnePlace) {
  EXPECT_EQ(
      told("- {id: A, committed: 1G, attach: [{exporter: edge1.tyo, interface: ae7}]}\n"
           "- {id: B, committed: 1G, attach: [{exporter: edge1.tyo, interface: ae8}]}\n"
           "- {id: C, committed: 1G, attach: [{exporter: 192.0.2.1, interface: ae7}]}\n"),
      (Lines{
          "c.yaml:1:1: warning: contract A names the interface `ae7`, which the configuration of "
          "router edge1.tyo does not describe; it counts nothing until the router announces that "
          "name; write one of: et-0/0/1, et-0/0/2",
          "c.yaml:2:1: warning: contract B names the interface `ae8`, which the configuration of "
          "router edge1.tyo does not describe; it counts nothing until the router announces that "
          "name; write one of: et-0/0/1, et-0/0/2",
          "c.yaml:3:1: warning: contract C names the interface `ae7`, which the configuration of "
          "router edge1.tyo does not describe; it counts nothing until the router announces that "
          "name; write one of: et-0/0/1, et-0/0/2",
          "c.yaml:3:1: warning: contract C and contract A (line 1) both claim interface ae7 of "
          "edge1.tyo at the same time; A gets the traffic, since it stands first; remove one "
          "attachment or end the older contract"}));
}

TEST(ContractCheck, OverlapsAreWarningsThatNameTheWinner) {
  EXPECT_EQ(
      told("- {id: A, committed: 1G, attach: [{exporter: edge1.tyo, interface: 512, vlan: 7}]}\n"
           "- {id: B, committed: 1G, attach: [{exporter: 192.0.2.1, interface: et-0/0/1, vlan: "
           "7}]}\n"
           "- {id: C, committed: 1G, attach: [{exporter: edge1.tyo, interface: 512, vlan: 8}]}\n"
           "- {id: D, committed: 1G, attach: [{exporter: edge1.tyo, interface: 512}]}\n"
           "- {id: E, committed: 1G, attach: [{as: 1}]}\n"
           "- {id: F, committed: 1G, attach: [{as: 1}]}\n"
           "- {id: G, committed: 1G, attach: [{prefix: 10.0.0.0/8}, {prefix: 10.0.0.0/8}]}\n"),
      (Lines{"c.yaml:2:1: warning: contract B and contract A (line 1) both claim interface "
             "et-0/0/1 of edge1.tyo, VLAN 7 at the same time; A gets the traffic, since it stands "
             "first; remove one attachment or end the older contract",
             "c.yaml:6:1: warning: contract F and contract E (line 5) both claim AS 1 at the same "
             "time; E gets the traffic, since it stands first; remove one attachment or end the "
             "older contract",
             "c.yaml:7:1: warning: contract G is attached to prefix 10.0.0.0/8 twice, first on "
             "line 7; remove one of the two; the traffic counts once"}));
}

TEST(ContractCheck, ContractsThatFollowEachOtherDoNotOverlap) {
  EXPECT_EQ(told("- {id: A, committed: 1G, until: 2024-03-31, attach: [{prefix: 10.0.0.0/8}]}\n"
                 "- {id: B, committed: 1G, from: 2024-04-01, attach: [{prefix: 10.0.0.0/8}]}\n"),
            Lines{});
}

TEST(ContractCheck, RatesAboveTheInterfaceAreDoubtful) {
  EXPECT_EQ(
      told("- {id: A, committed: 1G, ceiling: 40G, attach: [{exporter: edge1.tyo, interface: "
           "512}]}\n"
           "- {id: B, committed: 20G, attach: [{exporter: edge1.tyo, interface: 512, vlan: "
           "1}]}\n"),
      (Lines{"c.yaml:1:1: warning: the ceiling 40 Gbps of contract A is above the speed 10 "
             "Gbps of interface et-0/0/1 of edge1.tyo; mend the rate or the interface's speed",
             "c.yaml:2:1: warning: the committed rate 20 Gbps of contract B is above the "
             "speed 10 Gbps of interface et-0/0/1 of edge1.tyo; mend the rate or the "
             "interface's speed"}));
}

TEST(ContractCheck, PrefixesWithoutAnyRoleAreDoubtfulOnce) {
  EXPECT_EQ(told("- {id: A, committed: 1G, attach: [{prefix: 10.0.0.0/8}]}\n"
                 "- {id: B, committed: 1G, attach: [{as: 1}]}\n",
                 InterfaceRole::Unknown),
            (Lines{"c.yaml:1:1: warning: contract A is found by prefix or AS, but no interface has "
                   "a role, so a packet that crosses several routers counts at each of them; give "
                   "the routers' interfaces the role customer, peer, transit or backbone"}));
}

}  // namespace
}  // namespace weir::config
