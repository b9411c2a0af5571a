#include "pipeline/checkpoint_keeper.hpp"

#include "async/spawn.hpp"

namespace sluice::pipeline {

namespace {

constexpr auto tick_interval = std::chrono::milliseconds(200);
constexpr auto store_interval = std::chrono::milliseconds(1000);
constexpr auto end_poll = std::chrono::milliseconds(10);

}  // namespace

CheckpointKeeper::CheckpointKeeper(Parts parts, Events events,
                                   const std::vector<std::unique_ptr<Rule>>& rules, bool stores_tokens)
    : parts_(std::move(parts)),
      events_(std::move(events)),
      not_stored_(parts_.log, "the checkpoint could not be stored"),
      tokens_not_stored_(parts_.log,
                         "the other connector's resume tokens could not be stored; publishing continues"),
      timer_(parts_.strand),
      end_timer_(parts_.strand) {
  if (!stores_tokens) return;
  if (tokens_.emplace(rules); tokens_->empty()) {
    tokens_.reset();
  } else {
    parts_.dispatcher.tell(trail_.emplace(tokens_->watched()));
  }
}

void CheckpointKeeper::start(std::int64_t epoch, const std::optional<Position>& floor) {
  epoch_ = epoch;
  lease_.emplace(parts_.lease, flow::Clock::now());
  if (floor) least_floor_ = floor->data();
}

void CheckpointKeeper::take_floor() {
  if (frozen_) return;
  auto reached = parts_.dispatcher.advance();
  parts_.health.reached(reached, parts_.dispatcher.idle());
  if (reached && trail_) trail_->reached(reached->data());
  if (reached && reached->data() > least_floor_) floor_ = std::move(reached);
}

asio::awaitable<void> CheckpointKeeper::run() {
  const async::Raised running(running_);
  // Runs during a drain as well, which may take as long as a lease.
  while (!finished_ && !lease_lost_) {
    co_await wait_until(timer_, flow::next_beat(flow::Clock::now(), tick_interval));
    if (finished_ || lease_lost_) break;
    take_floor();
    const flow::Time now = flow::Clock::now();
    events_.tick(now);
    const bool news = floor_ && busy_since_stored_ && now >= flow::next_beat(stored_at_, store_interval);
    if (news || now >= lease_->renew_at()) co_await store();
  }
}

void CheckpointKeeper::finish() {
  finished_ = true;
  timer_.cancel();
}

asio::awaitable<void> CheckpointKeeper::ended() {
  while (running_) co_await wait_for(end_timer_, end_poll);
}

void CheckpointKeeper::tell_due(flow::Time now) {
  not_stored_.tell_due(now);
  tokens_not_stored_.tell_due(now);
}

asio::awaitable<std::optional<Error>> CheckpointKeeper::renew(bool with_floor) {
  const std::uint64_t version = parts_.dispatcher.repetitions().version();
  std::optional<std::vector<checkpoint::DedupRecord>> windows;
  if (with_floor && version != stored_windows_) windows = parts_.dispatcher.repetitions().stored();
  auto renewal = parts_.store.renewal(epoch_, static_cast<int>(parts_.lease.count()), floor_,
                                      parts_.dispatcher.passed_facts(), windows);
  auto error = co_await parts_.renewals.store(std::move(renewal));
  if (!error && with_floor) stored_windows_ = version;
  co_return error;
}

/// Stores the newest position and renews the lease. Returns whether that succeeded.
asio::awaitable<bool> CheckpointKeeper::store() {
  take_floor();
  const flow::Time asked = flow::Clock::now();
  // While the position is at an event, it will move on even if no more events come. So one more store
  // follows, and then none while the stream is quiet.
  busy_since_stored_ = floor_ && floor_->at_event;
  auto tokens = trail_ ? trail_->take() : std::vector<flow::TokenTrail::Token>();
  parts_.health.storing();
  auto error = co_await renew(floor_.has_value());
  if (error) parts_.pool.reconsider(*error);
  events_.answered(error);
  if (!error) {
    not_stored_.succeeded();
    lease_->renewed(asked);
    stored_at_ = asked;
    parts_.health.stored(asked);
    co_await store_tokens(std::move(tokens));
    co_return true;
  }
  if (trail_) trail_->give_back(std::move(tokens));
  if (error->kind == ErrorKind::fenced) {
    events_.fenced(error->text());
  } else {
    parts_.health.not_stored(*error);
    parts_.metrics.retries("checkpoint").Increment();
    not_stored_.failed(*error);
  }
  co_return false;
}

/// The tokens in `news` were taken before our own position was stored, so none is ahead of it.
asio::awaitable<void> CheckpointKeeper::store_tokens(std::vector<flow::TokenTrail::Token> news) {
  if (news.empty()) co_return;
  const auto store = [this, &news] {
    return mongo::or_error([&] { return tokens_->store(parts_.pool, news); });
  };
  const auto error = co_await run_blocking<std::optional<Error>>(parts_.threads, store);
  if (!error) {
    tokens_not_stored_.succeeded();
    co_return;
  }
  tokens_not_stored_.failed(*error);
  trail_->give_back(std::move(news));
}

asio::awaitable<void> CheckpointKeeper::store_and_give_back() {
  try {
    const bool stored = !lease_lost_ && co_await store();
    if (!lease_lost_) co_await release(stored);
  } catch (const std::exception& error) {
    parts_.log.error(
        "internal error while the stream ended: {}; what follows the stored position is done again",
        error.what());
  }
}

asio::awaitable<void> CheckpointKeeper::give_back(std::int64_t epoch) {
  epoch_ = epoch;
  co_await release(true);
}

/// Gives the lease back. `stored`: whether the newest position is stored.
asio::awaitable<void> CheckpointKeeper::release(bool stored) {
  given_back_ = true;
  const auto release = [this] { return mongo::or_error([this] { return parts_.store.release(epoch_); }); };
  const auto error = co_await run_blocking<std::optional<Error>>(parts_.threads, release);
  if (error) {
    parts_.log.warn("the lease could not be released: {}", error->text());
  } else if (stored) {
    parts_.log.info("stopped; the position is stored");
  } else {
    parts_.log.warn(
        "stopped; the newest position could not be stored, and work after the stored one is done again");
  }
}

}  // namespace sluice::pipeline
