#include "pipeline/lane_driver.hpp"

#include <algorithm>
#include <utility>

#include "mongo/client.hpp"
#include "sinks/outlet.hpp"

namespace sluice::pipeline {

namespace {

/// About as many as one transaction should have: it holds the documents until it ends.
constexpr std::size_t most_writes_together = 8000;

double seconds(flow::Duration time) {
  return std::chrono::duration<double>(time).count();
}

/// While a lane waits for its turn it looks so often whether the others have become crowded.
constexpr auto look_again = std::chrono::milliseconds(50);

/// How long ago the last event happened, by this machine's clock. The server tells the time in seconds, so
/// it may be up to a second longer.
flow::Duration lateness(const Batch& batch) {
  using namespace std::chrono;
  const auto happened = std::chrono::seconds((batch.cluster_time >> 32) + 1);
  return std::max(flow::Duration(0),
                  duration_cast<flow::Duration>(system_clock::now().time_since_epoch() - happened));
}

/// Counters alone have targets that changes in any partition may concern.
bool counts(const Batch& batch) {
  return std::ranges::any_of(batch.writes,
                             [](const Write& one) { return std::holds_alternative<CounterWrite>(one); });
}

}  // namespace

LaneDriver::LaneDriver(Parts parts, std::unique_ptr<flow::Lane> lane)
    : parts_(std::move(parts)),
      lane_(std::move(lane)),
      timer_(std::make_shared<asio::steady_timer>(parts_.strand)) {}

asio::awaitable<void> LaneDriver::run() {
  const async::Raised running(running_);
  while (!abandoned_) {
    const auto most = static_cast<std::size_t>(parts_.allowance.most_of_a_batch());
    const flow::LaneAction action = lane_->next(flow::Clock::now(), most / sinks::copies_while_sending);
    if (action.what == flow::LaneActionKind::send) {
      co_await send();
      continue;
    }
    if (finishing_ && lane_->idle()) break;
    co_await sleep_until(action.until.value_or(flow::Time::max()));
  }
}

/// Returns at `time`, or as soon as wake() is called.
asio::awaitable<void> LaneDriver::sleep_until(flow::Time time) {
  timer_->expires_at(time);
  boost::system::error_code woken;
  co_await timer_->async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

/// A place in the line of the parts' lanes of this number; none if there is nobody to wait for.
std::optional<LaneTurns::Place> LaneDriver::line_up() {
  if (parts_.turns == nullptr || !counts(lane_->batch())) return std::nullopt;
  return parts_.turns->line_up(
      parts_.number,
      [strand = parts_.strand, timer = timer_] { asio::post(strand, [timer] { timer->cancel(); }); },
      parts_.sink.commits_together(lane_->batch()) ? &lane_->batch() : nullptr, parts_.crowded);
}

/// Waits while another part's lane of this number counts. Returns the outcome if one of them has committed
/// this lane's batch together with its own.
asio::awaitable<std::optional<Outcome>> LaneDriver::wait_for_turn(LaneTurns::Place& place) {
  while (true) {
    flow::Time until = flow::Time::max();
    if (!place.taken()) {
      if (auto outcome = place.outcome()) co_return outcome;
      if (abandoned_ && !place.withdraw()) continue;  // taken meanwhile
      if (abandoned_) co_return std::nullopt;
      if (place.is_first()) {
        const flow::Time now = flow::Clock::now();
        const flow::Time begin = place.begins_at(lateness(lane_->batch()));
        if (finishing_ || now >= begin) co_return std::nullopt;
        until = std::min<flow::Time>(begin, now + look_again);
      }
    }
    co_await sleep_until(until);
  }
}

/// Waits until the allowance has room for the batch. False if the lane is abandoned meanwhile.
asio::awaitable<bool> LaneDriver::wait_for_room(std::int64_t bytes) {
  const auto ticket = parts_.allowance.ask(bytes);
  while (!abandoned_) {
    if (parts_.allowance.take(ticket)) {
      if (parts_.allowance.anybody_waits()) parts_.on_room();  // the next batch may fit as well
      co_return true;
    }
    co_await sleep_until(flow::Time::max());
  }
  parts_.allowance.withdraw(ticket);
  parts_.on_room();
  co_return false;
}

void LaneDriver::give_back(std::int64_t bytes) {
  parts_.allowance.release(bytes);
  if (parts_.allowance.anybody_waits()) parts_.on_room();
}

asio::awaitable<void> LaneDriver::send() {
  const auto bytes = static_cast<std::int64_t>(parts_.sink.bytes_while_sending(lane_->batch()));
  // What is not sent is done again from the stored position.
  if (!co_await wait_for_room(bytes)) co_return;
  auto place = line_up();
  std::optional<Outcome> outcome;
  if (place) outcome = co_await wait_for_turn(*place);
  if (!outcome && abandoned_) co_return give_back(bytes);
  const flow::Time started = flow::Clock::now();
  if (!under_way_since_) under_way_since_ = started;
  const bool by_another = outcome.has_value();
  try {
    if (!outcome) outcome = co_await run_blocking<Outcome>(parts_.threads, [&] { return commit(place); });
  } catch (...) {
    give_back(bytes);
    throw;
  }
  give_back(bytes);
  settle(*outcome, by_another ? std::nullopt : std::optional(started));
}

/// On a blocking thread. The batches of waiting lanes are committed together with this lane's, if possible.
Outcome LaneDriver::commit(std::optional<LaneTurns::Place>& place) {
  return mongo::or_error([&]() -> Outcome {
    const Batch& own = lane_->batch();
    if (place && parts_.sink.commits_together(own)) {
      LaneTurns::Group group = place->take_others(own, most_writes_together, flow::Clock::now());
      const auto together = group.batches().size() > 1 ? parts_.sink.commit_together(group.batches())
                                                       : std::optional<Outcome>();
      if (together) {
        group.answer(*together);
        place->ended(*together);
        return *together;
      }
    }
    const Outcome outcome = parts_.sink.commit(own);
    if (place) place->ended(outcome);
    return outcome;
  });
}

/// `started`: absent if another lane has committed the batch. Then that lane measures the transaction.
void LaneDriver::settle(const Outcome& outcome, std::optional<flow::Time> started) {
  const std::size_t events = lane_->batch().events;
  const flow::LaneReport done = lane_->done(outcome, flow::Clock::now());
  if (outcome.committed) parts_.metrics.batch_events.observe(static_cast<double>(events));
  report(outcome, done, started);
  if (done.resolved > 0) parts_.dispatcher.resolve(*lane_, done.resolved);
}

void LaneDriver::report(const Outcome& outcome, const flow::LaneReport& done,
                        std::optional<flow::Time> started) {
  if (outcome.committed) {
    under_way_since_.reset();
    last_error_.clear();
    ++commits_;
    if (started) {
      parts_.metrics.batch_documents.observe(static_cast<double>(outcome.documents));
      parts_.metrics.batch_seconds.observe(seconds(flow::Clock::now() - *started));
    }
  }
  if (outcome.unfinished && done.resolved > 0) {  // an unfinished batch that makes progress is not stalled
    under_way_since_.reset();
    ++commits_;
  }
  if (done.retry) {
    last_error_ = done.retry->text();
    parts_.metrics.retries(std::string(name_of(done.retry->kind))).Increment();
    failing_ = true;
    parts_.on_retry(*done.retry, outcome.outlet);
  }
  if (outcome.committed && std::exchange(failing_, false)) parts_.on_recovered();
  if (done.stop) parts_.on_stop(*done.stop);
}

LaneDriver::View LaneDriver::view() const {
  return {lane_->queued(), lane_->batch().events, under_way_since_, last_error_, commits_};
}

void LaneDriver::wake() {
  timer_->cancel();
}

void LaneDriver::finish() {
  finishing_ = true;
  lane_->flush();
  wake();
}

void LaneDriver::abandon() {
  abandoned_ = true;
  wake();
}

}  // namespace sluice::pipeline
