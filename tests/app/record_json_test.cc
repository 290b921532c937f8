#include "collector/app/record_json.h"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

MessageContext context() {
  MessageContext context;
  context.source = context.agent = IpAddress::v4(0xc000'0201);
  context.protocol = Protocol::Netflow9;
  context.domain = 7;
  context.arrival = context.released = traffic_time_ms(1'700'000'040'123);
  context.export_time = traffic_time_ms(1'700'000'040'000);
  context.has_export_time = true;
  context.has_uptime = true;
  context.uptime_ms = 3'600'000;
  return context;
}

FlowRecord record() {
  FlowRecord record;
  record.source = IpAddress::v4(0xc633'6401);
  record.destination = IpAddress::v4(0xcb00'7101);
  record.ip_version = 4;
  record.octets = 1'500;
  record.packets = 1;
  record.input = 512;
  record.first = 3'540'000;
  record.last = 3'599'000;
  record.time_format = TimeFormat::UptimeMs;
  record.source_port = 443;
  record.destination_port = 50'000;
  record.protocol = 6;
  record.sampling_interval = 1'000;
  record.sampling_source = SamplingSource::Sampler;
  record.forwarding = Forwarding::Dropped;
  for (const Has field : {Has::SourceAddress, Has::DestinationAddress, Has::IpVersion, Has::Octets,
                          Has::Packets, Has::Input, Has::First, Has::Last})
    record.set(field);
  return record;
}

TEST(RecordJson, HoldsTheFieldsThatWereSentAndNoOthers) {
  EXPECT_EQ(record_json(context(), record()),
            R"({"kind":"flow","exporter":"192.0.2.1","protocol":"netflow9","domain":7,)"
            R"("arrival":"2023-11-14T22:14:00.123Z","export_time":"2023-11-14T22:14:00Z",)"
            R"("sys_up_time":3600000,"flow_start_sys_up_time":3540000,)"
            R"("flow_end_sys_up_time":3599000,"ip_version":4,"source_address":"198.51.100.1",)"
            R"("destination_address":"203.0.113.1","protocol_identifier":6,)"
            R"("source_transport_port":443,"destination_transport_port":50000,)"
            R"("octet_delta_count":1500,"packet_delta_count":1,"ingress_interface":512,)"
            R"("forwarding":"dropped","sampling_interval":1000,"sampling_source":"sampler"})");
  MessageContext bare = context();
  bare.has_export_time = bare.has_uptime = false;
  EXPECT_EQ(record_json(bare, FlowRecord{}),
            R"({"kind":"flow","exporter":"192.0.2.1","protocol":"netflow9","domain":7,)"
            R"("arrival":"2023-11-14T22:14:00.123Z"})");
}

TEST(RecordJson, RareFieldsStandUnderTheirRegistryNames) {
  MessageContext bare = context();
  bare.has_export_time = bare.has_uptime = false;
  FlowRecord flow;
  flow.ingress_vrf = 1;
  flow.egress_vrf = 2;
  flow.mpls_labels = {(16U << 4), (17U << 4) | 1U};
  flow.ether_type = 0x0800;
  flow.dot1q_priority = 5;
  flow.customer_vlan = 200;
  flow.post_customer_vlan = 300;
  flow.flow_id = 77;
  flow.end_reason = 3;
  flow.reverse_metered = MeteredDirection::Egress;
  for (const Detail detail :
       {Detail::IngressVrf, Detail::EgressVrf, Detail::MplsLabels, Detail::EtherType,
        Detail::Dot1qPriority, Detail::CustomerVlan, Detail::PostCustomerVlan, Detail::FlowId,
        Detail::EndReason, Detail::ReverseMetered})
    flow.set(detail);
  flow.forwarding = Forwarding::Consumed;
  flow.inner_source = IpAddress::v4(0xcb00'7101);
  flow.set(Has::InnerAddresses);
  EXPECT_EQ(record_json(bare, flow),
            R"({"kind":"flow","exporter":"192.0.2.1","protocol":"netflow9","domain":7,)"
            R"("arrival":"2023-11-14T22:14:00.123Z","forwarding":"consumed",)"
            R"("inner_source_address":"203.0.113.1","ingress_vrfid":1,"egress_vrfid":2,)"
            R"("mpls_labels":[16,17],"ethernet_type":2048,"dot1q_priority":5,)"
            R"("dot1q_customer_vlan_id":200,"post_dot1q_customer_vlan_id":300,"flow_id":77,)"
            R"("flow_end_reason":3,"reverse_flow_direction":1})");
}

TEST(RecordJson, LengthsOfAPacketSectionAreNoCountersOfTheExporter) {
  MessageContext bare = context();
  bare.has_export_time = bare.has_uptime = false;
  FlowRecord sampled;
  sampled.octets = 104;
  sampled.packets = 1;
  sampled.layer2_octets = 122;
  for (const Has has : {Has::Octets, Has::Packets, Has::Layer2Octets, Has::PacketSection})
    sampled.set(has);
  EXPECT_EQ(record_json(bare, sampled),
            R"({"kind":"flow","exporter":"192.0.2.1","protocol":"netflow9","domain":7,)"
            R"("arrival":"2023-11-14T22:14:00.123Z","ip_bytes":104,"frame_bytes":122})");
}

TEST(RecordJson, CounterSampleWithoutInterfaceNamesItsSourceAlone) {
  MessageContext sflow = context();
  sflow.protocol = Protocol::Sflow5;
  sflow.agent = IpAddress::v4(0xc000'02fe);
  sflow.has_export_time = sflow.has_uptime = false;
  EXPECT_EQ(record_json(sflow, CounterRecord{.source_class = 2, .source_index = 1}),
            R"({"kind":"counters","exporter":"192.0.2.1","protocol":"sflow5",)"
            R"("agent":"192.0.2.254","sub_agent":7,"arrival":"2023-11-14T22:14:00.123Z",)"
            R"("source_class":2,"source_index":1})");
}

}  // namespace
}  // namespace weir::app
