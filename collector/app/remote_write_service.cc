#include "collector/app/remote_write_service.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace weir::app {
namespace {

/// A receiver that refuses everything gives no more than this.
constexpr std::chrono::seconds kBetweenLines{60};
constexpr std::size_t kMostNameBytes = 256;

std::string host_name() {
  std::array<char, kMostNameBytes> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

remote_write::PushTarget target_of(const config::RemoteWrite& remote) {
  return {.is_tls = remote.target.is_tls,
          .host = remote.target.host,
          .port = remote.target.port,
          .host_field = remote.target.host_field,
          .path = remote.target.path,
          .timeout = remote.timeout,
          .headers = {remote.headers.begin(), remote.headers.end()},
          .bearer_token_file = remote.bearer_token_file,
          .user = remote.user,
          .password_file = remote.password_file,
          .ca_file = remote.ca_file};
}

}  // namespace

std::map<std::string, std::string> external_labels_of(const config::Config& config) {
  std::map<std::string, std::string> labels = config.remote_write->external_labels;
  // What a scrape would add. A port that the system chooses says nothing.
  labels.emplace("job", "weir");
  const std::uint16_t port = config.http.listen.port;
  labels.emplace("instance", port == 0 ? host_name() : fmt::format("{}:{}", host_name(), port));
  return labels;
}

Result<std::unique_ptr<RemoteWriteService>> RemoteWriteService::open(
    const config::Config& config, remote_write::WriteRequests::Names names,
    std::shared_ptr<spdlog::logger> log) {
  if (!config.remote_write) return nullptr;
  const config::RemoteWrite& remote = *config.remote_write;
  auto client = remote_write::PushClient::make(target_of(remote));
  if (!client) return tl::unexpected(client.error());
  std::unique_ptr<RemoteWriteService> made(new RemoteWriteService(std::move(log)));
  auto& service = *made;
  service.client_ = std::move(*client);
  remote_write::RemoteWriter::Listeners listeners;
  listeners.on_failing = [&service](const std::string& why) {
    service.log_->error("remote_write: {}; buckets wait in memory until they are taken", why);
  };
  listeners.on_recovered = [&service] { service.log_->info("remote_write: taken again"); };
  listeners.on_rejected = [&service](std::uint64_t samples, const std::string& why) {
    service.tell_loss(service.rejected_, samples, fmt::format("refused by the receiver: {}", why));
  };
  listeners.on_dropped = [&service](std::uint64_t samples) {
    service.tell_loss(service.dropped_, samples,
                      "dropped, the oldest first, since `queue` is full");
  };
  service.writer_ = std::make_unique<remote_write::RemoteWriter>(
      remote_write::WriteRequests(external_labels_of(config), std::move(names)),
      remote_write::RemoteWriter::Road{
          .post = [&service](const std::string& body) { return service.client_->post(body); },
          .abort = [&service] { service.client_->abort(); }},
      std::move(listeners), remote_write::RemoteWriter::Limits{.queue_bytes = remote.queue_bytes});
  service.log_->info("remote_write: to {}://{}", remote.target.is_tls ? "https" : "http",
                     remote.target.host_field);
  return made;
}

void RemoteWriteService::start() {
  samples_ = remote_write::BucketSamples(traffic_now());
  writer_->start();
}

void RemoteWriteService::take(const core::ClosedBucket& bucket) {
  for (auto& batch : samples_.take(bucket)) writer_->queue(std::move(batch));
}

void RemoteWriteService::stop() {
  if (const std::uint64_t left = writer_->stop(); left != 0)
    log_->error("remote_write: {} samples could not be sent before the stop, and are lost", left);
}

void RemoteWriteService::tell_loss(LossLine& line, std::uint64_t samples, const std::string& why) {
  line.untold += samples;
  const Moment now = std::chrono::steady_clock::now();
  if (now < line.next) return;
  line.next = now + kBetweenLines;
  log_->error("remote_write: {} samples {}", std::exchange(line.untold, 0), why);
}

}  // namespace weir::app
