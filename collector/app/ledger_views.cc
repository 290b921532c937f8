#include "collector/app/ledger_views.h"

#include <fmt/format.h>

#include <utility>

#include "collector/app/closing.h"
#include "collector/app/terms_history.h"
#include "collector/billing/month.h"

namespace weir::app {
namespace {

constexpr std::chrono::hours kBetweenDailies{24};

}  // namespace

LedgerViews::LedgerViews(const config::Config& config, Table table, Post post,
                         std::shared_ptr<spdlog::logger> log)
    : config_(std::make_shared<const config::Config>(config)),
      table_(std::move(table)),
      post_(std::move(post)),
      log_(std::move(log)),
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
  if (!start || (next_daily_ && now < *next_daily_)) return;
  next_daily_ = now + kBetweenDailies;
  close_periods_of(ledger, *config);
  if (stop_.stop_requested()) return;
  look_ahead(ledger, *config);
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

void LedgerViews::look_ahead(ledger::Ledger& ledger, const config::Config& config) {
  auto view = make_capacity_view(config, ledger, traffic_now(), interfaces_of(ledger));
  if (!view) return warn("forecasts are not made", view.error());
  capacity_.publish(std::make_shared<const billing::CapacityView>(std::move(*view)));
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
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i].index == 0) continue;
      const auto totals = ledger.interface_totals(wanted[i].exporter, wanted[i].index, from, until);
      if (!totals) return tl::unexpected(totals.error());
      for (const auto& total : *totals)
        take(i, {.start = total.start,
                 .ingress_bytes = total.flow_bytes[0],
                 .egress_bytes = total.flow_bytes[1]});
    }
    return {};
  };
}

}  // namespace weir::app
