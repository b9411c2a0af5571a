#include "pipeline/reader.hpp"

#include <spdlog/logger.h>

#include <algorithm>
#include <random>

#include "requirements/requirements.hpp"

namespace sluice::pipeline {

namespace {

constexpr auto lease_poll = std::chrono::milliseconds(500);
constexpr int start_tries =
    8;  // while starting, a server that stays away is an error to be told, not to be waited out

constexpr const char* outlets_step = "prepare what it publishes to";

bool is_conflict(const Error& error) {
  return error.code == mongo::write_conflict || error.code == mongo::duplicate_key;
}

}  // namespace

Reader::Reader(mongo::ClientPool& pool, checkpoint::CheckpointStore& store, flow::Budget& budget,
               ReaderPlan plan, ReaderEvents events, StreamResources& commons, const observe::StreamLog& log)
    : pool_(pool),
      store_(store),
      budget_(budget),
      plan_(std::move(plan)),
      events_(std::move(events)),
      commons_(commons),
      log_(log),
      policy_(std::random_device{}()),
      reading_(plan_.stream.cursor_batch, plan_.stream.filter.parts_serve()),
      snapshot_unread_(log_, "a snapshot cannot be read yet") {}

Reader::~Reader() {
  request_stop();
  if (thread_.joinable()) thread_.join();
}

void Reader::start() {
  ended_ = false;
  thread_ = std::jthread([this](const std::stop_token& stop) {
    try {
      run(stop);
    } catch (const Stop& error) {
      note_problem(error.what());
      events_.failed(error.exit_code(), error.what());
    } catch (const std::exception& error) {
      note_problem(error.what());
      events_.failed(exit_code::cannot_start, error.what());
    } catch (...) {
      note_problem("an exception of unknown type");
      events_.failed(exit_code::cannot_start, "an exception of unknown type");
    }
    ended_ = true;
  });
}

void Reader::request_stop() {
  thread_.request_stop();
  budget_.close();
}

bool Reader::pause(flow::Duration time, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

void Reader::note_problem(const std::string& why) {
  if (!plan_.note_problem || noted_ == why) return;
  noted_ = why;
  plan_.note_problem(why);
}

/// MongoDB's address helps where the error is MongoDB's; others name their own server.
std::string Reader::failure(const char* what, const Error& error, bool may_be_away) const {
  const std::string start = std::string("could not ") + what;
  if (what == outlets_step) return start + ": " + error.text();
  return start + " (" + plan_.hosts + "): " + error.text() + (may_be_away ? requirements::is_it_running : "");
}

bool Reader::retry_until(const char* what, const std::stop_token& stop,
                         const std::function<std::optional<Error>()>& step) {
  observe::RepeatedWarning failing(log_, std::string("could not ") + what + " yet");
  for (int tries = 1; !stop.stop_requested(); ++tries) {
    auto error = mongo::or_error(step);
    if (!error) {
      policy_.succeeded();
      failing.succeeded();
      return true;
    }
    if (stop.stop_requested()) return false;
    pool_.reconsider(*error);
    note_problem(std::string("could not ") + what + ": " + error->text());
    const bool denied = error->kind == ErrorKind::denied;
    const bool unavailable = error->kind == ErrorKind::unavailable;
    const bool passing =
        denied || unavailable || error->kind == ErrorKind::transient || error->kind == ErrorKind::too_slow;
    if (error->kind == ErrorKind::lost) {
      events_.failed(exit_code::position_lost, policy_.failed(*error).stop);
      return false;
    }
    if (unavailable) events_.waiting(error->message);  // for as long as it takes: nothing of ours is wrong
    const bool may_end_soon = unavailable || plan_.patient || error->code == mongo::write_conflict;
    if (!passing || (tries >= start_tries && !may_end_soon)) {
      events_.failed(exit_code::cannot_start, failure(what, *error, passing && !denied));
      return false;
    }
    if (!unavailable) failing.failed(*error);  // of what it publishes to OutletStates tells
    const auto action = policy_.failed(*error);
    if (!pause(*action.retry_after, stop)) return false;
  }
  return false;
}

bool Reader::connect(const std::stop_token& stop) {
  return retry_until("reach MongoDB", stop, [&]() -> std::optional<Error> {
    const auto client = pool_.acquire();
    auto error = requirements::has_change_streams(client.get());
    if (!error && plan_.tell_rights) plan_.tell_rights(client.get());
    return error;
  });
}

/// Shards that start together get in each other's way for a moment. What lasts longer is a transaction that a
/// dead holder left behind and that this user may not end: then the server's own limit has to be waited for.
checkpoint::Held Reader::conflict(int times) const {
  constexpr int times_before_it_is_said = 40;
  std::uniform_int_distribution<int> wait_ms(10, 100);
  std::minstd_rand random(std::random_device{}());
  const bool lasting = times >= times_before_it_is_said;
  return {store_.id().shard_id(), lasting ? "a transaction that an earlier holder left open" : "",
          wait_ms(random)};
}

void Reader::wait_for(const checkpoint::Held& held, std::string& last_holder, const std::stop_token& stop) {
  if (!held.holder.empty() && held.holder != last_holder) {
    last_holder = held.holder;
    const std::string why =
        held.shard + " is held by " + held.holder + "; waiting until it stops or its lease ends";
    log_.warn("{}", why);
    events_.waiting(why);
  }
  const auto least = std::chrono::milliseconds(std::max<std::int64_t>(held.for_ms, 10));
  pause(std::min<flow::Duration>(lease_poll, least), stop);
}

bool Reader::fill(const std::stop_token& stop) {
  if (plan_.rebuild) {
    const auto begin = [&] { return store_.begin_rebuild(*plan_.rebuild); };
    if (!retry_until("begin the rebuild", stop, begin)) return false;
    if (!retry_until("ask for new snapshots", stop, [&] { return plan_.snapshots->begin_again(); }))
      return false;
    plan_.rebuild.reset();
  }
  std::string last_holder;
  while (!stop.stop_requested()) {
    std::optional<checkpoint::Held> held;
    const bool asked = retry_until("fill the targets", stop, [&]() -> std::optional<Error> {
      auto result = plan_.fill(stop);
      if (const auto* error = std::get_if<Error>(&result)) {
        if (error->kind != ErrorKind::fenced || stop.stop_requested()) return *error;
        held = conflict(0);  // it slept for too long, and another one goes on with it
        return std::nullopt;
      }
      if (auto* other = std::get_if<checkpoint::Held>(&result)) held = std::move(*other);
      return std::nullopt;
    });
    if (!asked) return false;
    if (!held) return true;
    wait_for(*held, last_holder, stop);
  }
  return false;
}

checkpoint::AcquireResult Reader::take_lease() {
  const std::lock_guard turn(commons_.preparing);
  return store_.acquire(plan_.acquire);
}

std::optional<checkpoint::Acquired> Reader::acquire(const std::stop_token& stop) {
  std::optional<checkpoint::Acquired> acquired;
  std::string last_holder;
  int conflicts = 0;
  while (!acquired && !stop.stop_requested()) {
    std::optional<checkpoint::Held> held;
    const bool asked = retry_until("take the lease", stop, [&]() -> std::optional<Error> {
      checkpoint::AcquireResult result = take_lease();
      if (const auto* error = std::get_if<Error>(&result)) {
        if (!is_conflict(*error)) return *error;
        held = conflict(++conflicts);
      }
      if (auto* other = std::get_if<checkpoint::Held>(&result)) held = std::move(*other);
      if (auto* mine = std::get_if<checkpoint::Acquired>(&result)) acquired = std::move(*mine);
      return std::nullopt;
    });
    if (!asked) return std::nullopt;
    if (!held) continue;
    if (held->filling) {
      if (!fill(stop)) return std::nullopt;
      continue;
    }
    wait_for(*held, last_holder, stop);
  }
  return acquired;
}

/// Where nothing is done beyond the stored position, windows that are not stored begin empty there. That is
/// stored before anything is done, so that a later run can tell it from windows that were lost.
bool Reader::begin_windows(checkpoint::Acquired& acquired, const std::stop_token& stop) {
  if (!plan_.no_repetitions || acquired.windows) return true;
  const std::string_view floor = acquired.floor->data();
  const auto beyond = [&](const auto& fact) { return fact.newest() > floor; };
  if (std::ranges::any_of(acquired.facts, beyond)) return true;
  acquired.windows = plan_.no_repetitions;
  return retry_until("store the first position", stop, [&] {
    return store_.renew(acquired.epoch, plan_.acquire.lease_ms, std::nullopt, false, acquired.windows);
  });
}

bool Reader::check_filled(checkpoint::Acquired& acquired, const std::stop_token& stop) {
  const auto check = [&] { return plan_.check_filled(acquired); };
  return retry_until("look at what stands in the sources", stop, check);
}

/// `after`: where it begins, which changes if another program has come further.
bool Reader::look_elsewhere(checkpoint::Acquired& acquired, std::optional<Position>& after,
                            const std::stop_token& stop) {
  // Not after a rebuild, which has made good what lay behind another program's token.
  const bool rebuilt = !after && acquired.was_filled;
  if (!plan_.look_elsewhere || plan_.acquire.restart_now || rebuilt) return true;
  checkpoint::ForeignProgress found;
  const auto look = [&] { return plan_.look_elsewhere(after, found); };
  if (!retry_until("read the other program's resume tokens", stop, look)) return false;
  if (found.begin) after = std::move(found.begin);
  acquired.told_elsewhere = std::move(found.told);
  return true;
}

bool Reader::open_first(source::ChangeStream& stream, checkpoint::Acquired& acquired, Position& at,
                        const std::stop_token& stop) {
  std::optional<Position> after = acquired.floor;
  if (!look_elsewhere(acquired, after, stop)) return false;
  // Another program has read it, with a filter of its own.
  const bool foreign = after && (!acquired.floor || after->data() != acquired.floor->data());
  const bool by_time = foreign || acquired.filter_changed;
  const bool opened =
      retry_until("open the change stream", stop, [&] { return stream.open(after, at, by_time); });
  if (!opened) return false;
  if (foreign) acquired.facts.push_back({1, 0, std::string(after->data()), {}});
  if (acquired.floor) {
    if (foreign) acquired.floor = after;
    return check_filled(acquired, stop) && begin_windows(acquired, stop);
  }
  // The very first start: all shards begin where the first of them began, and that is stored before anybody
  // is told that the worker is ready.
  Position origin = at;
  if (!plan_.acquire.restart_now) {
    const bool agreed =
        retry_until("store the first position", stop, [&] { return store_.agree_on_origin(at, origin); });
    if (!agreed) return false;
  }
  acquired.floor = origin;
  if (!check_filled(acquired, stop)) return false;
  if (!retry_until("ask for the first snapshot", stop, [&] { return plan_.snapshots->begin(); }))
    return false;
  const bool stored = retry_until("store the first position", stop, [&] {
    return store_.renew(acquired.epoch, plan_.acquire.lease_ms, origin, plan_.acquire.restart_now,
                        plan_.no_repetitions);
  });
  acquired.windows = plan_.no_repetitions;
  if (!stored || origin.data() == at.data()) return stored;
  return retry_until("open the change stream", stop, [&] { return stream.open(origin, at); });
}

bool Reader::prepare(const std::stop_token& stop) {
  {
    const std::lock_guard turn(commons_.preparing);
    if (!commons_.prepared || plan_.prepare_again) {
      commons_.prepared = retry_until("prepare the state database", stop, [&] { return store_.prepare(); }) &&
                          retry_until("prepare the database", stop, plan_.provision);
    }
    if (!commons_.prepared) return false;
  }
  if (plan_.origin_first && !settle_origin(stop)) return false;
  return retry_until(outlets_step, stop, plan_.prepare_sinks);
}

bool Reader::settle_origin(const std::stop_token& stop) {
  const auto now = [this](Position& at) {
    source::ChangeStream stream(pool_, plan_.stream);
    auto error = stream.open(std::nullopt, at);
    return error ? error : plan_.snapshots->begin();
  };
  return retry_until("store where it begins", stop, [&] {
    auto error = store_.take_split_position();
    return error ? error : store_.settle_origin(now);
  });
}

void Reader::run(const std::stop_token& stop) {
  if (!connect(stop)) return;
  events_.connected();
  if (!prepare(stop) || !fill(stop)) return;
  auto acquired = acquire(stop);
  if (!acquired) return;
  epoch_ = acquired->epoch;
  plan_.stream.filter.with_hash = acquired->layout_changed;
  std::optional<source::ChangeStream> stream;
  const auto make = [&]() -> std::optional<Error> {
    stream.emplace(pool_, plan_.stream);
    return std::nullopt;
  };
  Position at;
  if (!retry_until("open the change stream", stop, make) || !open_first(*stream, *acquired, at, stop)) return;
  note_problem("");
  events_.opened(std::move(*acquired), at);
  read(*stream, std::move(at), stop);
}

void Reader::read(source::ChangeStream& stream, Position at, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    budget_.wait_for_room();
    if (stop.stop_requested()) return;
    if (stream.outdated() && !move(stream, at, stop)) return;
    std::unique_ptr<source::StreamBatch> batch;
    if (auto error = mongo::or_error([&] { return stream.next(batch); })) {
      if (!open_again(stream, at, *error, stop)) return;
      continue;
    }
    if (auto error = mark_own(stream, *batch)) {
      if (!reopen(stream, at, std::move(*error), stop)) return;
      continue;
    }
    policy_.succeeded();
    if (batch->resume_token) at = Position::of(batch->resume_token, batch->operation_time);
    const std::size_t events = batch->events.size();
    const bool in_mid_event = events == 0 && !batch->resume_token;  // not yet an event, nor the lack of one
    budget_.add(static_cast<std::int64_t>(events), static_cast<std::int64_t>(batch->bytes()));
    events_.batch(std::move(batch));
    if (!in_mid_event && reading_.came(events) && !change_reading(stream, at, stop)) return;
    if (!in_mid_event) tell_what_stands(stream, at, stop);
    if (stream.invalidated() && plan_.tells_only) provide_again();
  }
}

std::optional<Error> Reader::mark_own(source::ChangeStream& stream, source::StreamBatch& batch) {
  if (!plan_.own_writes) return std::nullopt;
  return mongo::or_error([&] { return plan_.own_writes->mark(stream, batch); });
}

/// Collections come back without their images after their database was dropped.
void Reader::provide_again() {
  const std::lock_guard turn(commons_.preparing);
  if (const auto error = plan_.provision()) {
    log_.warn("the database was dropped and could not be prepared again: {}", error->text());
  }
}

/// Between two answers of the stream: what stands in collections whose snapshot was asked for, as of this
/// place. Not for long, for the stream goes on.
void Reader::tell_what_stands(source::ChangeStream& stream, const Position& at, const std::stop_token& stop) {
  constexpr int chunks_at_once = 8;
  SnapshotPump& snapshots = *plan_.snapshots;
  bool active = false;
  for (int chunk = 0; chunk < chunks_at_once && !stop.stop_requested(); ++chunk) {
    active = snapshots.active(flow::Clock::now());
    if (!active) break;
    budget_.wait_for_room();
    std::unique_ptr<source::StreamBatch> batch;
    if (auto error = mongo::or_error([&] { return snapshots.next(at, batch); })) {
      pool_.reconsider(*error);
      snapshot_unread_.failed(*error);
      active = false;
      break;
    }
    snapshot_unread_.succeeded();
    budget_.add(static_cast<std::int64_t>(batch->events.size()), static_cast<std::int64_t>(batch->bytes()));
    events_.batch(std::move(batch));
  }
  stream.be_patient(!active);
}

/// Whether there is another way of reading that gets past an event which the server cannot send. What fails
/// an expression has a code of the operator's own: an error that nothing else explains may have been one, or
/// that of an event of which less could be read.
bool Reader::reads_less(const Error& error) {
  if (error.kind == ErrorKind::too_large) return reading_.too_large();
  const bool unexplained = error.kind == ErrorKind::fatal && !mongo::is_denial(error);
  if (!unexplained) return false;
  if (plan_.stream.filter.has_expressions() && reading_.misjudged()) return true;
  return reading_.now().detail != Detail::key_only && reading_.too_large();
}

bool Reader::open_again(source::ChangeStream& stream, Position& at, const Error& error,
                        const std::stop_token& stop) {
  if (!reads_less(error)) return reopen(stream, at, error, stop);
  events_.reading_less(error, reading_.now());
  return change_reading(stream, at, stop);
}

/// The place stays the same, and so do the events: only how much is told of each, and how many at once.
bool Reader::change_reading(source::ChangeStream& stream, Position& at, const std::stop_token& stop) {
  stream.read_as(reading_.now());
  return move(stream, at, stop);
}

/// To the same place again, as it is to be read now: by other connections, or in another way.
bool Reader::move(source::ChangeStream& stream, Position& at, const std::stop_token& stop) {
  auto error = mongo::or_error([&] { return stream.open(at, at); });
  return !error || reopen(stream, at, std::move(*error), stop);
}

bool Reader::reopen(source::ChangeStream& stream, Position& at, Error error, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pool_.reconsider(error);
    const auto action = policy_.failed(error);
    if (!action.retry_after) {
      events_.failed(action.exit_code, action.stop);
      return false;
    }
    events_.reopening(error);
    if (!pause(*action.retry_after, stop)) return false;
    auto again = mongo::or_error([&] { return stream.open(at, at); });
    if (!again) return true;
    error = std::move(*again);
  }
  return false;
}

}  // namespace sluice::pipeline
