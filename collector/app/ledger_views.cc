#include "collector/app/ledger_views.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "collector/app/closing.h"
#include "collector/app/terms_history.h"
#include "collector/billing/month.h"

namespace weir::app {
namespace {

constexpr std::chrono::hours kBetweenDailies{24};

}  // namespace

LedgerViews::LedgerViews(const config::Config& config, Table table, Post post,
                         std::shared_ptr<spdlog::logger> log, std::chrono::milliseconds turn)
    : config_(std::make_shared<const config::Config>(config)),
      table_(std::move(table)),
      post_(std::move(post)),
      log_(std::move(log)),
      turn_length_(turn),
      baseline_tracker_(config.baseline) {}

void LedgerViews::adopt(const config::Config& config) {
  config_.publish(std::make_shared<const config::Config>(config));
}

void LedgerViews::warn(const char* what, const Error& error) const {
  log_->warn("ledger: {}: {}", what, error.message);
}

void LedgerViews::observe(ledger::Ledger& ledger, std::optional<std::int64_t> start) {
  const auto config = config_.current();
  if (config != noted_) {
    note_terms_of(ledger, *config);
    // Groups and limits may be others.
    if (noted_) next_daily_.reset();
    noted_ = config;
    baseline_tracker_.adopt(config->baseline);
  }
  if (!start) {
    const auto last = ledger.last_interval();
    if (!last) return warn("what contracts owe cannot be told", last.error());
    if (!*last) return;  // an empty ledger tells nothing before the first interval has closed
  }
  if (auto view = tracker_.observe(ledger, table_(), start.value_or(0)))
    billing_.publish(std::move(*view));
  else
    warn("what contracts owe cannot be told", view.error());
  if (start) {
    baseline_tracker_.note_closed(*start);
    weigh_next(++turn_);
  }
  const auto now = std::chrono::steady_clock::now();
  // Not while it is being opened: what arrived meanwhile is written first.
  if (!start) return;
  if (!next_daily_ || now >= *next_daily_) {
    next_daily_ = now + kBetweenDailies;
    close_periods_of(ledger, *config);
    if (stop_.stop_requested()) return;
    forecasts_ = std::make_unique<CapacityViewMaker>(config, traffic_now());
  }
  if (forecasts_) look_ahead(ledger);
}

void LedgerViews::note_terms_of(ledger::Ledger& ledger, const config::Config& config) {
  if (const auto noted = note_terms(ledger, config.contracts, traffic_now()); !noted)
    warn("the terms of contracts are not noted", noted.error());
}

void LedgerViews::close_periods_of(ledger::Ledger& ledger, const config::Config& config) {
  const auto closed = close_due(ledger, config, traffic_now(), stop_.get_token());
  if (!closed) return warn("periods are not closed", closed.error());
  if (!closed->empty())
    log_->info("ledger: {} bills of periods that are over closed", closed->size());
}

void LedgerViews::look_ahead(ledger::Ledger& ledger) {
  const auto until = std::chrono::steady_clock::now() + turn_length_;
  do {
    const auto is_done = forecasts_->step(ledger, interfaces_of(ledger));
    if (!is_done) {
      warn("forecasts are not made", is_done.error());
      forecasts_.reset();
      return;
    }
    if (*is_done) {
      capacity_.publish(std::make_shared<const billing::CapacityView>(forecasts_->take()));
      forecasts_.reset();
      return;
    }
  } while (std::chrono::steady_clock::now() < until);
  // The newest turn alone goes on: one that was forgotten is made up for by the next interval.
  post_([this, turn = ++forecast_turn_](ledger::Ledger& later) {
    if (turn == forecast_turn_ && forecasts_) look_ahead(later);
  });
}

void LedgerViews::weigh_next(std::uint64_t turn) {
  if (!baseline_tracker_.has_work()) return;
  // Step by step, so that intervals are written in between.
  post_([this, turn](ledger::Ledger& ledger) {
    if (turn != turn_) return;
    auto view = baseline_tracker_.step(ledger, table_());
    // Tried again after the next interval.
    if (!view) return warn("what is above the usual cannot be told", view.error());
    if (*view) baselines_.publish(std::move(*view));
    weigh_next(turn);
  });
}

EachInterfaceInterval interfaces_of(ledger::Ledger& ledger) {
  return [&ledger](std::span<const WantedInterface> wanted, std::int64_t from, std::int64_t until,
                   const TakeInterface& take) -> Result<void> {
    std::map<std::string, std::unordered_map<std::uint32_t, std::size_t>, std::less<>> places;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (wanted[i].index != 0) places[wanted[i].exporter].emplace(wanted[i].index, i);
    if (places.empty()) return {};
    return ledger.each_interface_total(
        from, until,
        [&](const std::string& exporter, std::uint32_t interface,
            const ledger::InterfaceTotal& total) {
          const auto router = places.find(exporter);
          if (router == places.end()) return;
          if (const auto place = router->second.find(interface); place != router->second.end())
            take(place->second, {.start = total.start,
                                 .ingress_bytes = total.flow_bytes[0],
                                 .egress_bytes = total.flow_bytes[1]});
        });
  };
}

}  // namespace weir::app
