#include "pipeline/health/stream_health.hpp"

#include <fmt/format.h>

#include <limits>

#include "source/resume_token.hpp"

namespace sluice::pipeline {

namespace {

using std::chrono::milliseconds;

constexpr auto look_interval = milliseconds(200);
constexpr auto ask_interval = std::chrono::seconds(10);
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
// Beyond the time for which the server may hold an answer back.
constexpr auto answer_slack = std::chrono::seconds(1);

constexpr const char* stall_condition = " stalled";  // appended to the stream's name in /readyz

double seconds_of(std::uint64_t cluster_time) {
  return static_cast<double>(cluster_time >> 32);
}

double seconds(flow::Duration time) {
  return std::chrono::duration<double>(time).count();
}

std::int64_t whole_seconds(flow::Duration time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

std::string with_error(const std::string& error) {
  return error.empty() ? "" : "; the last error was: " + error;
}

/// Whether the answer says that everything is read. An empty answer alone does not: within a long stretch
/// that the filter drops, the server also answers without events, but with a token that has not reached its
/// clock.
bool says_all_is_read(const source::StreamBatch& batch) {
  if (!batch.events.empty() || !batch.resume_token) return false;
  const auto looked_to = source::time_of_token(batch.resume_token);
  return !looked_to || seconds_of(*looked_to) + 1 >= seconds_of(batch.operation_time);
}

}  // namespace

StreamHealth::StreamHealth(Parts parts, observe::Metrics& metrics)
    : parts_(std::move(parts)),
      timer_(parts_.strand),
      cursor_(milliseconds(parts_.engine.stall_ms)),
      checkpoint_(milliseconds(parts_.engine.stall_ms)),
      lag_(milliseconds(parts_.engine.max_await_ms) + answer_slack),
      hook_(metrics.on_scrape([this] { refresh_gauges(); })) {
  parts_.metrics.leave_out_gauges(false);
  if (parts_.speaks_for_all) {
    parts_.metrics.dead_letters_open().Set(unknown);
    parts_.metrics.rules_not_backfilled().Set(unknown);
  }
}

void StreamHealth::retire() {
  parts_.readiness.forget(parts_.condition + stall_condition);
  hook_ = {};
  if (parts_.speaks_for_all) {
    parts_.metrics.dead_letters_open().Set(unknown);
    parts_.metrics.rules_not_backfilled().Set(unknown);
    parts_.readiness.note(parts_.condition_of_all(), "");
  }
  if (parts_.partition) parts_.metrics.leave_out_gauges(true);
}

void StreamHealth::opened(std::int64_t epoch, const Position& from,
                          const std::vector<std::unique_ptr<LaneDriver>>& lanes) {
  const flow::Time now = flow::Clock::now();
  for (const auto& lane : lanes) {
    lanes_.push_back({lane.get(), flow::StallWatch(milliseconds(parts_.engine.stall_ms))});
  }
  {
    const std::lock_guard lock(mutex_);
    epoch_ = epoch;
    position_ = seconds_of(from.cluster_time);
    lag_.reached(*position_, std::nullopt);
    stored_at_ = now;
  }
  looking_ = true;
  parts_.spawn(look_regularly());
}

void StreamHealth::answered(const source::StreamBatch& batch, flow::Time now) {
  cursor_.progressed(now);
  read_all_at_ = says_all_is_read(batch) ? std::optional(now) : std::nullopt;
  const std::lock_guard lock(mutex_);
  lag_.cluster_clock(now, seconds_of(batch.operation_time));
  reader_error_.clear();
}

void StreamHealth::reached(const std::optional<Position>& position, bool idle) {
  const std::lock_guard lock(mutex_);
  if (position) position_ = seconds_of(position->cluster_time);
  if (position_) lag_.reached(*position_, idle ? read_all_at_ : std::nullopt);
}

void StreamHealth::stored(flow::Time asked) {
  storing_ = false;
  store_error_.clear();
  const std::lock_guard lock(mutex_);
  stored_at_ = asked;
}

void StreamHealth::broke(const Error& error) {
  const std::lock_guard lock(mutex_);
  reader_error_ = error.text();
}

void StreamHealth::stop() {
  stopping_ = true;
  timer_.cancel();
}

asio::awaitable<void> StreamHealth::look_regularly() {
  const async::Raised looking(looking_);
  while (!stopping_) {
    const flow::Time now = flow::Clock::now();
    look(now);
    if (!asking_ && now >= ask_at_) {
      ask_at_ = now + ask_interval;
      asking_ = true;
      parts_.spawn(ask());
    }
    co_await wait_for(timer_, look_interval);
  }
}

asio::awaitable<void> StreamHealth::ask() {
  const async::Raised asking(asking_);
  const auto oplog = [this] { return mongo::or_error([this] { return source::read_oplog(parts_.pool); }); };
  take_oplog(co_await run_blocking<source::OplogAnswer>(parts_.asking_thread, oplog));
  if (parts_.speaks_for_all && !stopping_) {
    const auto count = [this] {
      return checkpoint::count_letters(parts_.pool, parts_.state_database, parts_.pipeline, parts_.stream);
    };
    const auto letters = [&count] { return mongo::or_error(count); };
    take_letters(co_await run_blocking<checkpoint::LettersCounted>(parts_.asking_thread, letters));
  }
  if (parts_.speaks_for_all && !parts_.maintained.empty() && !stopping_) co_await ask_maintained();
}

/// Reads again which rules are backfilled: another process may have repaired one.
asio::awaitable<void> StreamHealth::ask_maintained() {
  std::optional<std::vector<checkpoint::MaintainedRule>> known;
  const std::string stream_id = parts_.pipeline + "/" + parts_.stream;
  const auto read = [this, &known, &stream_id] {
    return checkpoint::read_maintained(parts_.pool, parts_.state_database, stream_id, known);
  };
  const auto asked = [&read] { return mongo::or_error(read); };
  const auto error = co_await run_blocking<std::optional<Error>>(parts_.asking_thread, asked);
  if (error) {
    parts_.log.debug("the list of rules that are not backfilled could not be read: {}", error->text());
  } else if (!stopping_) {
    take_maintained(known);
  }
}

void StreamHealth::take_maintained(const std::optional<std::vector<checkpoint::MaintainedRule>>& known) {
  if (!parts_.speaks_for_all) return;
  std::vector<std::string> rules = checkpoint::not_backfilled(parts_.maintained, known);
  parts_.metrics.rules_not_backfilled().Set(static_cast<double>(rules.size()));
  if (rules == not_backfilled_) return;
  const std::string text =
      rules.empty() ? "" : checkpoint::not_backfilled_text(rules, parts_.place_arguments);
  if (rules.empty()) {
    parts_.log.info("{}: all rules are backfilled now", parts_.stream);
  } else {
    parts_.log.warn("{}: {}", parts_.stream, text);
  }
  parts_.readiness.note(parts_.condition_of_all(), text);
  not_backfilled_ = std::move(rules);
  const std::lock_guard lock(mutex_);
  note_ = text;
}

/// After an error, the last count stays.
void StreamHealth::take_letters(const checkpoint::LettersCounted& letters) {
  if (letters.error) {
    parts_.log.debug("the dead letters could not be counted: {}", letters.error->text());
    return;
  }
  parts_.metrics.dead_letters_open().Set(static_cast<double>(letters.count));
}

void StreamHealth::take_oplog(const source::OplogAnswer& answer) {
  if (answer.error && answer.error->kind == ErrorKind::fatal && !permission_told_) {
    permission_told_ = true;
    parts_.log.warn(
        "how long the oplog will still contain the position is not known: {}. Let the worker's user read "
        "local.oplog.rs: db.getSiblingDB(\"admin\").grantRolesToUser(USER, [{{role: \"read\", db: "
        "\"local\"}}])",
        answer.error->text());
  }
  const std::lock_guard lock(mutex_);
  if (answer.wall_clock) lag_.wall_clock(answer.at, *answer.wall_clock);
  const auto now = lag_.server_now(flow::Clock::now());
  if (answer.oldest && position_ && now) headroom_.add({*now, *answer.oldest, *position_, answer.whole});
}

void StreamHealth::look(flow::Time now) {
  std::vector<observe::LaneStatus> lanes;
  for (Lane& lane : lanes_) {
    const LaneDriver::View seen = lane.driver->view();
    if (seen.commits != lane.commits) lane.watch.progressed(now);
    lane.commits = seen.commits;
    lane.watch.look(seen.under_way_since.has_value(), now);
    lanes.push_back({seen.queued, {}, std::string(seen.last_error)});
    if (seen.under_way_since) lanes.back().in_flight_seconds = seconds(now - *seen.under_way_since);
  }
  cursor_.look(parts_.budget.has_room(), now);
  checkpoint_.look(storing_, now);
  const std::string waits_for = what_it_waits_for(now);
  tell_stall(waits_for, now);
  const std::lock_guard lock(mutex_);
  lane_status_ = std::move(lanes);
}

/// Describes the lane that has been stalled longest, and how many others are; empty if none is.
std::string StreamHealth::what_lanes_wait_for(flow::Time now) const {
  const Lane* longest = nullptr;
  std::optional<flow::Time> since;
  int stalled = 0;
  for (const Lane& lane : lanes_) {
    const auto stalled_since = lane.watch.stalled_since(now);
    if (!stalled_since) continue;
    ++stalled;
    if (since && *since <= *stalled_since) continue;
    since = stalled_since;
    longest = &lane;
  }
  if (longest == nullptr) return {};
  const LaneDriver::View seen = longest->driver->view();
  return fmt::format("lane {}{}: its batch of {} event{} has been in flight for {} s{}",
                     longest - lanes_.data(), stalled == 1 ? "" : fmt::format(" (and {} more)", stalled - 1),
                     seen.batch_events, seen.batch_events == 1 ? "" : "s", whole_seconds(now - *since),
                     with_error(std::string(seen.last_error)));
}

/// Describes everything that is stalled; empty if nothing is.
std::string StreamHealth::what_it_waits_for(flow::Time now) const {
  std::string text = what_lanes_wait_for(now);
  const auto add = [&text](const std::string& sentence) {
    text += (text.empty() ? "" : ". Also, ") + sentence;
  };
  if (const auto since = checkpoint_.stalled_since(now)) {
    add(fmt::format("the checkpoint could not be stored for {} s{}", whole_seconds(now - *since),
                    with_error(store_error_)));
  }
  if (const auto since = cursor_.stalled_since(now)) {
    const std::lock_guard lock(mutex_);
    // The server answers a getMore only when it has found something or has reached the end of the oplog,
    // however long that takes.
    const bool alive = stored_at_ && *stored_at_ > *since;
    add(fmt::format(
        "the change stream's cursor has had no answer from the server for {} s{}{}",
        whole_seconds(now - *since),
        alive
            ? ", although the server accepts checkpoints: it may be scanning many changes that no rule reads"
            : "",
        with_error(reader_error_)));
  }
  return text;
}

void StreamHealth::tell_stall(const std::string& waits_for, flow::Time now) {
  const std::string condition = parts_.condition + stall_condition;
  if (!waits_for.empty()) {
    parts_.readiness.not_ready(condition, waits_for);
    if (stalled_since_) return;
    stalled_since_ = now;
    parts_.log.warn("stalled: {}", waits_for);
  } else if (stalled_since_) {
    parts_.readiness.forget(condition);
    parts_.log.info("continues, {} s after the stall was detected", whole_seconds(now - *stalled_since_));
    stalled_since_.reset();
  }
}

/// Why the stream is not ready, as in /readyz: also because its lanes or its checkpoint are denied what they
/// need.
std::string StreamHealth::why_not_ready() const {
  const std::string own = parts_.readiness.all_reasons(parts_.condition);
  if (!own.empty() || !parts_.partition) return own;
  return parts_.readiness.all_reasons("cluster of " + parts_.stream);
}

void StreamHealth::refresh_gauges() const {
  const flow::Time now = flow::Clock::now();
  observe::StreamMetrics& metrics = parts_.metrics;
  metrics.events_in_flight.Set(static_cast<double>(parts_.budget.events()));
  metrics.bytes_in_flight.Set(static_cast<double>(parts_.budget.bytes()));
  metrics.bytes_in_flight_peak.Set(static_cast<double>(parts_.budget.peak_bytes()));
  metrics.ready.Set(why_not_ready().empty() ? 1 : 0);
  metrics.stalled.Set(parts_.readiness.reason(parts_.condition + stall_condition).empty() ? 0 : 1);
  const std::lock_guard lock(mutex_);
  metrics.lag_seconds.Set(lag_.seconds(now));
  metrics.checkpoint_age_seconds.Set(stored_at_ ? seconds(now - *stored_at_) : 0);
  metrics.oplog_headroom_seconds.Set(headroom_.seconds().value_or(unknown));
  metrics.oplog_exhausted_at_seconds.Set(headroom_.exhausted_at().value_or(unknown));
}

observe::StreamStatus StreamHealth::status() const {
  const flow::Time now = flow::Clock::now();
  const observe::StreamMetrics& metrics = parts_.metrics;
  observe::StreamStatus status;
  status.name = parts_.stream;
  status.partition = parts_.partition;
  status.why_not_ready = why_not_ready();
  status.waits_for = parts_.readiness.reason(parts_.condition + stall_condition);
  status.outlets = parts_.outlets.status();
  status.events_read = metrics.events_read.Value();
  status.events_applied = metrics.events_applied.Value();
  status.events_published = metrics.events_published.Value();
  status.events_filtered = metrics.events_filtered.Value();
  status.events_dead = metrics.events_dead.Value();
  status.events_in_flight = parts_.budget.events();
  status.bytes_in_flight = parts_.budget.bytes();
  const std::lock_guard lock(mutex_);
  status.note = note_;
  status.lag_seconds = lag_.seconds(now);
  status.position = position_;
  status.epoch = epoch_;
  status.oplog_headroom_seconds = headroom_.seconds();
  status.oplog_exhausted_at = headroom_.exhausted_at();
  if (stored_at_) status.checkpoint_age_seconds = seconds(now - *stored_at_);
  status.lanes = lane_status_;
  return status;
}

}  // namespace sluice::pipeline
