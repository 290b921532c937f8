#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "collector/config/config.h"
#include "collector/core/totals.h"
#include "collector/ingest/stream_receiver.h"
#include "collector/model/published.h"
#include "collector/model/result.h"
#include "collector/pipeline/bucket_clock.h"
#include "collector/pipeline/interface_reconciler.h"
#include "collector/pipeline/knowledge_keeper.h"
#include "collector/pipeline/worker.h"

namespace weir::pipeline {

/// Figures of one listening socket or mirror port, summed over the workers.
struct ListenFigures {
  std::string listen;
  std::uint64_t datagrams = 0;
  std::uint64_t dropped = 0;  ///< by the kernel, for want of buffer
  std::uint64_t truncated = 0;
  std::uint64_t requested_buffer_bytes = 0;
  std::uint64_t granted_buffer_bytes = 0;
  bool is_failing = false;  ///< a mirror port that is gone or down
};

/// Who takes finished intervals of interfaces. Called on the thread that keeps house; what may
/// take long must queue on its own side.
using InterfaceSink = std::function<void(const std::vector<InterfaceInterval>&)>;

/// The running collector without its outputs: sockets, workers, bucket clock.
///
/// Threads: one a worker, one for the clock and one that keeps house, from start() to stop().
/// reload() and the readers may be called from any other thread.
class Pipeline {
 public:
  /// Opens every socket and mirror port of `config`, so that what is wrong with them is
  /// said at once; receives nothing before start(). What decoders learn is kept in
  /// `state_directory` and taken up from there first; empty: it is not. `sink` and `tick`
  /// belong to the clock's thread.
  [[nodiscard]] static Result<std::unique_ptr<Pipeline>> open(const config::Config& config,
                                                              ClosedBucketSink sink,
                                                              std::string state_directory = {},
                                                              ClockTick tick = {});
  ~Pipeline();

  /// Says who takes the intervals of interfaces; nobody does unless told. Before start().
  void set_interface_sink(InterfaceSink sink) { interface_sink_ = std::move(sink); }

  void start();
  /// Takes what the sockets still hold, ends the threads. May be called again.
  void stop();

  /// Swaps contracts, routers and accounting rules whole; counters go on. Returns the keys
  /// whose change waits for a restart.
  [[nodiscard]] Result<std::vector<std::string>> reload(const config::Config& config);

  [[nodiscard]] const core::Totals& totals() const noexcept { return *totals_; }
  /// Parts of late records that have come since the last call, for the ledger. On the clock's
  /// thread, or after stop().
  [[nodiscard]] std::vector<core::LatePart> take_late();
  /// Bytes of late records that take_late() can never give (core::LateParts). On any thread.
  [[nodiscard]] std::uint64_t late_bytes_lost() const noexcept;
  [[nodiscard]] std::shared_ptr<const Policy> policy() const { return policy_.current(); }
  [[nodiscard]] const Registries& registries() const noexcept { return *registries_; }
  /// What happened to exporters that operators want to hear of.
  [[nodiscard]] const EventLog& events() const noexcept { return *registries_->events; }
  [[nodiscard]] std::vector<const core::WorkerBooks*> books() const;
  [[nodiscard]] std::vector<ListenFigures> listeners() const;
  /// Of the TCP listeners.
  [[nodiscard]] std::vector<ingest::StreamFigures> streams() const;
  /// Bytes of one tracked interface over all workers.
  struct InterfaceBytes {
    std::uint64_t ingress = 0;
    std::uint64_t egress = 0;
  };
  /// By the table's own numbers of its tracked interfaces.
  [[nodiscard]] std::vector<InterfaceBytes> interface_bytes(
      const contracts::ContractTable& table) const;
  /// Bytes from one POP to another over all workers, of every pair that the configuration in force
  /// names; none if no router has a POP.
  struct PopBytes {
    std::string ingress;
    std::string egress;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] std::vector<PopBytes> pop_bytes() const;
  /// Flow estimate against counters, by the table's own numbers of its tracked interfaces:
  /// ingress, egress.
  using InterfaceStanding = std::array<InterfaceReconciler::Standing, kInterfaceSides>;
  [[nodiscard]] std::vector<InterfaceStanding> interface_standing(
      const contracts::ContractTable& table) const;
  /// What routers told of their interfaces.
  [[nodiscard]] const wire::InterfaceTable& learned_interfaces() const noexcept;
  /// Nothing if no knowledge is kept.
  [[nodiscard]] std::optional<KeepingFigures> keeping() const;
  /// Threads that receive datagrams; the one that serves TCP listeners comes on top.
  [[nodiscard]] std::size_t workers() const noexcept { return workers_; }
  /// The longest lateness in force: how far behind now a bucket closes.
  [[nodiscard]] TrafficSpan lateness() const noexcept;
  /// Age of the oldest worker turn: grows when a worker hangs.
  [[nodiscard]] std::chrono::milliseconds longest_silence() const noexcept;

 private:
  struct Lane;

  Pipeline(const config::Config& config, std::unique_ptr<Registries> registries,
           std::shared_ptr<const Policy> policy, std::unique_ptr<ingest::StreamReceiver> streams,
           ClosedBucketSink sink, ClockTick tick);
  [[nodiscard]] Result<void> open_sockets();
  [[nodiscard]] Result<void> open_captures();
  /// The lanes whose workers receive datagrams.
  [[nodiscard]] std::span<const std::unique_ptr<Lane>> worker_lanes() const noexcept;

  void keep_house(const std::stop_token& stop);
  /// Compares what is settled of interfaces with their counters, and hands it on.
  void reconcile();
  /// Publishes a new policy if routers told something that changes it.
  void adopt_learned_names();

  const config::Config config_;  ///< that it began with
  std::unique_ptr<Registries> registries_;
  Published<Policy> policy_;
  std::shared_ptr<wire::SharedDecoderState> shared_;
  std::vector<std::unique_ptr<Lane>> lanes_;  ///< of the workers, then of TCP if there is any
  std::size_t workers_;
  std::unique_ptr<core::Totals> totals_;
  std::unique_ptr<BucketClock> clock_;
  std::jthread clock_thread_;
  std::unique_ptr<InterfaceReconciler> reconciler_;
  InterfaceSink interface_sink_;
  std::unique_ptr<KnowledgeKeeper> keeper_;  ///< null: none
  std::jthread house_thread_;
  std::mutex policy_mutex_;           ///< one new policy at a time; guards current_ and adopted_
  config::Config current_;            ///< in force
  std::uint64_t adopted_ = 0;         ///< generation of the learned interfaces in the policy
  mutable std::mutex sockets_mutex_;  ///< guards the kernel's drop counts, read by scrapes
};

/// Buckets that may be open at once under `config`: those that wait for late records, and
/// some for a clock thread that is held up.
[[nodiscard]] std::uint32_t ring_buckets_for(const config::Config& config) noexcept;

}  // namespace weir::pipeline
