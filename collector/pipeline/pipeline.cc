#include "collector/pipeline/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <tuple>

#include "collector/pipeline/stream_worker.h"
#include "collector/wire/shared_decoder_state.h"

namespace weir::pipeline {
namespace {

/// How often routers' new interface names and the state file are looked after.
constexpr std::chrono::seconds kHouseLook{1};

constexpr TrafficSpan kLongestAutoLateness = std::chrono::seconds{120};
/// How long the clock thread may be held up before records find no free bucket.
constexpr TrafficSpan kClosingSlack = std::chrono::seconds{180};
constexpr std::uint32_t kMostAutoWorkers = 8;

std::uint32_t worker_count(const config::Config& config) noexcept {
  if (config.workers != 0) return config.workers;
  return std::clamp(std::thread::hardware_concurrency(), 1U, kMostAutoWorkers);
}

std::string endpoint_text(const IpAddress& address, std::uint16_t port) {
  return address.is_v4() ? fmt::format("{}:{}", address.to_string(), port)
                         : fmt::format("[{}]:{}", address.to_string(), port);
}

/// Export traffic is UDP, perhaps inside VLAN tags that the kernel leaves in the frame.
std::string filter_of(const config::PcapListen& listen) {
  if (!listen.filter.empty() || listen.carries_packets) return listen.filter;
  return "udp or (vlan and udp)";
}

Result<std::unique_ptr<ingest::StreamReceiver>> open_streams(const config::Config& config) {
  if (config.streams.empty()) return nullptr;
  std::vector<ingest::StreamListen> listeners;
  for (const auto& listen : config.streams) {
    auto& opened = listeners.emplace_back(
        ingest::StreamListen{.address = listen.endpoint.address, .port = listen.endpoint.port});
    if (listen.tls)
      opened.tls = ingest::TlsFiles{.certificate = listen.tls->certificate,
                                    .key = listen.tls->key,
                                    .client_ca = listen.tls->client_ca};
  }
  return ingest::StreamReceiver::open(listeners, {});
}

bool same_listeners(const config::Config& a, const config::Config& b) {
  const auto same_udp = [](const config::UdpListen& x, const config::UdpListen& y) {
    return x.endpoint.address == y.endpoint.address && x.endpoint.port == y.endpoint.port &&
           x.receive_buffer_bytes == y.receive_buffer_bytes;
  };
  const auto same_pcap = [](const config::PcapListen& x, const config::PcapListen& y) {
    return x.device == y.device && x.carries_packets == y.carries_packets && x.sample == y.sample &&
           x.exporter == y.exporter && x.filter == y.filter;
  };
  const auto tls_of = [](const config::StreamListen& x) {
    const config::TlsFiles files = x.tls.value_or(config::TlsFiles{});
    return std::tuple(x.tls.has_value(), files.certificate, files.key, files.client_ca);
  };
  const auto same_stream = [&](const config::StreamListen& x, const config::StreamListen& y) {
    return x.endpoint.address == y.endpoint.address && x.endpoint.port == y.endpoint.port &&
           tls_of(x) == tls_of(y);
  };
  return std::equal(a.udp.begin(), a.udp.end(), b.udp.begin(), b.udp.end(), same_udp) &&
         std::equal(a.streams.begin(), a.streams.end(), b.streams.begin(), b.streams.end(),
                    same_stream) &&
         std::equal(a.pcap.begin(), a.pcap.end(), b.pcap.begin(), b.pcap.end(), same_pcap);
}

}  // namespace

std::uint32_t ring_buckets_for(const config::Config& config) noexcept {
  const TrafficSpan width = config.accounting.bucket;
  const TrafficSpan lateness =
      config.accounting.lateness ? TrafficSpan{*config.accounting.lateness} : kLongestAutoLateness;
  return static_cast<std::uint32_t>((lateness + kClosingSlack) / width + 2);
}

/// One thread with all that is its own: a worker, or the one that serves TCP. `state` stands
/// before both, which use it.
struct Pipeline::Lane {
  Lane(core::BucketGeometry geometry, std::uint32_t ring_buckets) : state(geometry, ring_buckets) {}

  WorkerState state;
  std::vector<std::unique_ptr<WorkerSocket>> sockets;
  std::vector<std::unique_ptr<WorkerCapture>> captures;
  std::unique_ptr<Worker> worker;
  std::unique_ptr<StreamWorker> streams;
  std::jthread thread;
};

Pipeline::Pipeline(const config::Config& config, std::unique_ptr<Registries> registries,
                   std::shared_ptr<const Policy> policy,
                   std::unique_ptr<ingest::StreamReceiver> streams, ClosedBucketSink sink,
                   ClockTick tick)
    : config_(config),
      registries_(std::move(registries)),
      policy_(std::move(policy)),
      shared_(wire::make_shared_decoder_state(registries_->events)),
      workers_(worker_count(config)),
      current_(config) {
  const core::BucketGeometry geometry{TrafficSpan{config.accounting.bucket}};
  std::vector<core::WorkerCells*> cells;
  for (std::size_t i = 0; i < workers_; ++i) {
    auto lane = std::make_unique<Lane>(geometry, ring_buckets_for(config));
    lane->worker = std::make_unique<Worker>(lane->state, *registries_, policy_, shared_,
                                            lane->sockets, lane->captures);
    cells.push_back(&lane->state.cells);
    lanes_.push_back(std::move(lane));
  }
  if (streams) {
    auto lane = std::make_unique<Lane>(geometry, ring_buckets_for(config));
    lane->streams = std::make_unique<StreamWorker>(lane->state, *registries_, policy_, shared_,
                                                   std::move(streams));
    cells.push_back(&lane->state.cells);
    lanes_.push_back(std::move(lane));
  }
  std::vector<const InterfaceCounters*> interfaces;
  for (const auto& lane : lanes_) interfaces.push_back(&lane->state.interfaces);
  reconciler_ =
      std::make_unique<InterfaceReconciler>(registries_->readings, std::move(interfaces), books());
  totals_ = std::make_unique<core::Totals>(geometry, std::move(cells));
  totals_->set_slot_count(policy_.current()->table->slot_count());
  clock_ = std::make_unique<BucketClock>(*totals_, std::move(sink), std::move(tick));
}

Pipeline::~Pipeline() { stop(); }

Result<std::unique_ptr<Pipeline>> Pipeline::open(const config::Config& config,
                                                 ClosedBucketSink sink, std::string state_directory,
                                                 ClockTick tick) {
  auto registries = std::make_unique<Registries>();
  auto policy = make_policy(config, *registries);
  if (!policy) return tl::unexpected(policy.error());
  auto streams = open_streams(config);
  if (!streams) return tl::unexpected(streams.error());
  std::unique_ptr<Pipeline> pipeline(new Pipeline(config, std::move(registries), std::move(*policy),
                                                  std::move(*streams), std::move(sink),
                                                  std::move(tick)));
  if (!state_directory.empty()) {
    pipeline->keeper_ = std::make_unique<KnowledgeKeeper>(pipeline->shared_, state_directory);
    pipeline->keeper_->load();
    pipeline->adopt_learned_names();
  }
  if (auto opened = pipeline->open_sockets(); !opened) return tl::unexpected(opened.error());
  if (auto opened = pipeline->open_captures(); !opened) return tl::unexpected(opened.error());
  return pipeline;
}

std::span<const std::unique_ptr<Pipeline::Lane>> Pipeline::worker_lanes() const noexcept {
  return std::span{lanes_}.first(workers_);
}

Result<void> Pipeline::open_sockets() {
  for (const auto& listen : config_.udp) {
    std::uint16_t port = listen.endpoint.port;
    if (port != 0) {
      // Several sockets share a port only by SO_REUSEPORT, which would also let a second
      // collector take half of the traffic in silence: an exclusive socket goes first.
      auto exclusive = ingest::UdpSocket::open({.address = listen.endpoint.address,
                                                .port = port,
                                                .receive_buffer_bytes = 0,
                                                .sharing = ingest::PortSharing::Exclusive});
      if (!exclusive) return tl::unexpected(exclusive.error());
    }
    for (const auto& lane : worker_lanes()) {
      auto socket = ingest::UdpSocket::open({.address = listen.endpoint.address,
                                             .port = port,
                                             .receive_buffer_bytes = listen.receive_buffer_bytes,
                                             .sharing = ingest::PortSharing::Reuse});
      if (!socket) return tl::unexpected(socket.error());
      port = socket->local_port();
      auto name = endpoint_text(listen.endpoint.address, port);
      lane->sockets.push_back(std::unique_ptr<WorkerSocket>(
          new WorkerSocket{.listen = std::move(name), .socket = std::move(*socket)}));
    }
  }
  return {};
}

Result<void> Pipeline::open_captures() {
  std::size_t next = 0;
  for (const auto& listen : config_.pcap) {
    auto capture =
        ingest::LiveCapture::open({.device = listen.device, .filter = filter_of(listen)});
    if (!capture) return tl::unexpected(capture.error());
    IpAddress exporter;
    for (const auto& router : config_.exporters.routers)
      if (router.name == listen.exporter) exporter = router.address;
    lanes_[next++ % workers_]->captures.push_back(
        std::unique_ptr<WorkerCapture>(new WorkerCapture{.device = listen.device,
                                                         .capture = std::move(*capture),
                                                         .carries_packets = listen.carries_packets,
                                                         .sample = listen.sample,
                                                         .exporter = exporter}));
  }
  return {};
}

void Pipeline::start() {
  totals_->set_measured_since(traffic_now());
  for (auto& lane : lanes_)
    lane->thread = std::jthread([lane = lane.get()](const std::stop_token& stop) {
      lane->streams ? lane->streams->run(stop) : lane->worker->run(stop);
    });
  clock_thread_ = std::jthread([this](const std::stop_token& stop) { clock_->run(stop); });
  house_thread_ = std::jthread([this](const std::stop_token& stop) { keep_house(stop); });
}

void Pipeline::stop() {
  for (auto& lane : lanes_) lane->thread.request_stop();
  for (auto& lane : lanes_)
    if (lane->thread.joinable()) lane->thread.join();
  clock_thread_.request_stop();
  if (clock_thread_.joinable()) clock_thread_.join();
  if (!house_thread_.joinable()) return;
  house_thread_.request_stop();
  house_thread_.join();
  // With all that the last datagrams taught.
  if (keeper_) keeper_->keep_now();
}

void Pipeline::keep_house(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    adopt_learned_names();
    reconcile();
    if (keeper_) keeper_->keep(std::chrono::steady_clock::now());
    wake.wait_for(lock, stop, kHouseLook, [] { return false; });
  }
}

void Pipeline::reconcile() {
  // A worker may be a nap behind; what it then adds to a settled interval is less than the bounds
  // of a ratio notice.
  const auto finished =
      reconciler_->take_finished(*policy_.current(), traffic_now() - kHouseLook, lateness());
  if (interface_sink_ && !finished.empty()) interface_sink_(finished);
}

void Pipeline::adopt_learned_names() {
  const std::lock_guard lock(policy_mutex_);
  const std::uint64_t generation = shared_->interfaces().generation();
  if (generation == adopted_) return;
  adopted_ = generation;
  if (policy_.current()->interfaces == interfaces_of(current_, shared_->interfaces())) return;
  // The configuration was good before, and slots and exporters have their numbers.
  if (auto policy = make_policy(current_, *registries_, shared_->interfaces()))
    policy_.publish(std::move(*policy));
}

Result<std::vector<std::string>> Pipeline::reload(const config::Config& config) {
  const std::lock_guard lock(policy_mutex_);
  auto policy = make_policy(config, *registries_, shared_->interfaces());
  if (!policy) return tl::unexpected(policy.error());
  // Before any worker can see the new slots.
  totals_->set_slot_count((*policy)->table->slot_count());
  policy_.publish(std::move(*policy));
  current_ = config;
  std::vector<std::string> waiting;
  if (!same_listeners(config_, config)) waiting.emplace_back("listen");
  if (config.workers != config_.workers) waiting.emplace_back("workers");
  if (config.accounting.bucket != config_.accounting.bucket)
    waiting.emplace_back("accounting.bucket");
  if (ring_buckets_for(config) > ring_buckets_for(config_))
    waiting.emplace_back("accounting.lateness");
  if (config.customer_names_in_metrics != config_.customer_names_in_metrics)
    waiting.emplace_back("metrics.customer_names");
  if (config.http.listen.address != config_.http.listen.address ||
      config.http.listen.port != config_.http.listen.port)
    waiting.emplace_back("http.listen");
  if (config.state_directory != config_.state_directory) waiting.emplace_back("state");
  if (config.ledger_url != config_.ledger_url ||
      config.ledger_retention_days != config_.ledger_retention_days)
    waiting.emplace_back("ledger");
  if (config.remote_write != config_.remote_write) waiting.emplace_back("remote_write");
  return waiting;
}

std::vector<const core::WorkerBooks*> Pipeline::books() const {
  std::vector<const core::WorkerBooks*> books;
  for (const auto& lane : lanes_) books.push_back(&lane->state.books);
  return books;
}

std::vector<ListenFigures> Pipeline::listeners() const {
  const std::lock_guard lock(sockets_mutex_);
  std::vector<ListenFigures> all;
  const auto figures_of = [&](const std::string& listen) -> ListenFigures& {
    for (auto& figures : all)
      if (figures.listen == listen) return figures;
    return all.emplace_back(ListenFigures{.listen = listen});
  };
  for (const auto& lane : lanes_) {
    for (const auto& socket : lane->sockets) {
      ListenFigures& figures = figures_of(socket->listen);
      figures.datagrams += socket->datagrams.read();
      figures.truncated += socket->truncated.read();
      figures.dropped += socket->socket.dropped();
      figures.requested_buffer_bytes += socket->socket.requested_buffer_bytes();
      figures.granted_buffer_bytes += socket->socket.granted_buffer_bytes();
    }
    for (const auto& capture : lane->captures) {
      ListenFigures& figures = figures_of(capture->device);
      figures.datagrams += capture->received.read();
      figures.dropped += capture->capture.dropped();
      figures.is_failing |= capture->is_failing.load(std::memory_order_relaxed);
    }
  }
  return all;
}

std::vector<core::LatePart> Pipeline::take_late() {
  std::vector<core::LatePart> all;
  for (const auto& lane : lanes_) {
    const auto parts = lane->state.cells.late().take();
    all.insert(all.end(), parts.begin(), parts.end());
  }
  return all;
}

std::uint64_t Pipeline::late_bytes_lost() const noexcept {
  std::uint64_t bytes = 0;
  for (const auto& lane : lanes_) bytes += lane->state.cells.late().unamended_bytes();
  return bytes;
}

std::vector<ingest::StreamFigures> Pipeline::streams() const {
  const bool has_streams = workers_ < lanes_.size();
  return has_streams ? lanes_.back()->streams->receiver().figures()
                     : std::vector<ingest::StreamFigures>{};
}

std::vector<Pipeline::InterfaceBytes> Pipeline::interface_bytes(
    const contracts::ContractTable& table) const {
  std::vector<InterfaceBytes> all;
  for (const std::uint32_t number :
       registries_->interfaces.numbers_of(table.tracked_interfaces())) {
    InterfaceBytes& bytes = all.emplace_back();
    if (number == contracts::kNoInterface) continue;
    for (const auto& lane : lanes_) {
      bytes.ingress += lane->state.interfaces.ingress(number);
      bytes.egress += lane->state.interfaces.egress(number);
    }
  }
  return all;
}

std::vector<Pipeline::PopBytes> Pipeline::pop_bytes() const {
  std::vector<PopBytes> all;
  const auto policy = policy_.current();
  if (policy->router_pops.empty()) return all;
  // Counters go on for the life of the process; a POP that has left the configuration is not shown.
  std::array<bool, kPopPlaces> is_shown{};
  is_shown[kUnknownPop] = true;
  for (const auto* pops : {&policy->router_pops, &policy->contract_pops})
    for (const PopPlace place : *pops) is_shown[place] = true;
  auto places = registries_->pops.places();
  std::erase_if(places, [&](const auto& named) { return !is_shown[named.place]; });
  for (const auto& from : places) {
    for (const auto& to : places) {
      PopBytes& bytes = all.emplace_back(PopBytes{.ingress = from.name, .egress = to.name});
      for (const auto& lane : lanes_) bytes.bytes += lane->state.pops.read(from.place, to.place);
    }
  }
  return all;
}

std::vector<Pipeline::InterfaceStanding> Pipeline::interface_standing(
    const contracts::ContractTable& table) const {
  std::vector<InterfaceStanding> all;
  for (const std::uint32_t number : registries_->interfaces.numbers_of(table.tracked_interfaces()))
    all.push_back(number == contracts::kNoInterface ? InterfaceStanding{}
                                                    : reconciler_->standing_of(number));
  return all;
}

const wire::InterfaceTable& Pipeline::learned_interfaces() const noexcept {
  return shared_->interfaces();
}

std::optional<KeepingFigures> Pipeline::keeping() const {
  if (!keeper_) return std::nullopt;
  return keeper_->figures();
}

TrafficSpan Pipeline::lateness() const noexcept {
  TrafficSpan longest{0};
  for (const auto& lane : lanes_)
    longest =
        std::max(longest, TrafficSpan{lane->state.lateness_ms.load(std::memory_order_relaxed)});
  return longest;
}

std::chrono::milliseconds Pipeline::longest_silence() const noexcept {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
  std::chrono::milliseconds longest{0};
  for (const auto& lane : lanes_) {
    const std::chrono::milliseconds last{lane->state.last_turn_ms.load(std::memory_order_relaxed)};
    if (last.count() != 0) longest = std::max(longest, now - last);
  }
  return longest;
}

}  // namespace weir::pipeline
