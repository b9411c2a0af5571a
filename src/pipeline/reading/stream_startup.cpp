#include "pipeline/reading/stream_startup.hpp"

#include <algorithm>
#include <random>

#include "flow/pause.hpp"
#include "observe/log/repeated_warning.hpp"
#include "pipeline/start_tries.hpp"
#include "requirements/requirements.hpp"

namespace sluice::pipeline {

namespace {

constexpr auto lease_poll = std::chrono::milliseconds(500);

constexpr const char* outlets_step = "prepare what it publishes to";

}  // namespace

StreamStartup::StreamStartup(mongo::ClientPool& pool, checkpoint::CheckpointStore& store, ReaderPlan& plan,
                             const ReaderObserver& observer, StreamResources& resources,
                             const observe::StreamLog& log)
    : pool_(pool),
      store_(store),
      plan_(plan),
      observer_(observer),
      resources_(resources),
      log_(log),
      policy_(std::random_device{}()) {}

std::optional<StreamStartup::Opened> StreamStartup::run(
    const std::function<void(std::int64_t epoch)>& acquired, const std::stop_token& stop) {
  if (!connect(stop)) return std::nullopt;
  observer_.connected();
  if (!prepare(stop) || !fill(stop)) return std::nullopt;
  auto mine = acquire(stop);
  if (!mine) return std::nullopt;
  acquired(mine->epoch);
  Opened opened{nullptr, std::move(*mine), {}};
  if (!open(opened, stop)) return std::nullopt;
  note_problem("");
  return opened;
}

void StreamStartup::note_problem(const std::string& why) {
  if (!plan_.note_problem || noted_ == why) return;
  noted_ = why;
  plan_.note_problem(why);
}

/// Adds MongoDB's address to the message. Errors of outlets name their own server.
std::string StreamStartup::failure(const char* what, const Error& error) const {
  const std::string start = std::string("could not ") + what;
  if (what == outlets_step) return start + ": " + error.text();
  return start + " (" + plan_.hosts + "): " + error.text();
}

bool StreamStartup::retry_until(const char* what, const std::stop_token& stop,
                                const std::function<std::optional<Error>()>& step) {
  const std::string limit = plan_.patient ? "" : fmt::format(" (up to {} tries)", start_tries);
  observe::RepeatedWarning failing(log_, fmt::format("could not {} yet{}", what, limit));
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
      observer_.failed(exit_code::position_lost, policy_.failed(*error).stop);
      return false;
    }
    // Waits without a limit: our own configuration is not at fault.
    if (unavailable) observer_.waiting(error->message);
    const bool may_end_soon = unavailable || plan_.patient || error->code == mongo::write_conflict;
    if (!passing || (tries >= start_tries && !may_end_soon)) {
      observer_.failed(exit_code::cannot_start, failure(what, *error));
      return false;
    }
    if (!unavailable) failing.failed(*error);  // OutletStates logs unavailable outlets
    const auto action = policy_.failed(*error);
    if (!flow::pause(*action.retry_after, stop)) return false;
  }
  return false;
}

bool StreamStartup::connect(const std::stop_token& stop) {
  return retry_until("reach MongoDB", stop, [&]() -> std::optional<Error> {
    const auto client = pool_.acquire();
    auto error = requirements::has_change_streams(client.get());
    if (!error && plan_.tell_rights) plan_.tell_rights(client.get());
    return error;
  });
}

bool StreamStartup::prepare(const std::stop_token& stop) {
  {
    const std::lock_guard turn(resources_.preparing);
    if (!resources_.prepared || plan_.prepare_again) {
      resources_.prepared =
          retry_until("prepare the state database", stop, [&] { return store_.prepare(); }) &&
          retry_until("prepare the database", stop, plan_.provision);
    }
    if (!resources_.prepared) return false;
  }
  if (plan_.origin_first && !settle_origin(stop)) return false;
  return retry_until(outlets_step, stop, plan_.prepare_sinks);
}

bool StreamStartup::settle_origin(const std::stop_token& stop) {
  const auto now = [this](Position& at, bool has_run) {
    source::ChangeStream stream(pool_, plan_.stream);
    auto error = stream.open(std::nullopt, at);
    return error || has_run ? error : plan_.snapshots->begin();
  };
  return retry_until("store where it begins", stop, [&] {
    auto error = store_.take_split_position();
    return error ? error : store_.settle_origin(now);
  });
}

bool StreamStartup::begin_rebuild(const std::stop_token& stop) {
  const auto begin = [&] { return store_.begin_rebuild(*plan_.rebuild); };
  if (!retry_until("begin the rebuild", stop, begin)) return false;
  if (!retry_until("ask for new snapshots", stop, [&] { return plan_.snapshots->begin_again(); }))
    return false;
  plan_.rebuild.reset();
  return true;
}

bool StreamStartup::fill(const std::stop_token& stop) {
  if (plan_.rebuild && !begin_rebuild(stop)) return false;
  std::string last_holder;
  while (!stop.stop_requested()) {
    std::optional<checkpoint::Held> held;
    const bool asked = retry_until("fill the targets", stop, [&]() -> std::optional<Error> {
      auto result = plan_.fill(stop);
      if (const auto* error = std::get_if<Error>(&result)) {
        if (error->kind != ErrorKind::fenced || stop.stop_requested()) return *error;
        held = conflict(0);  // this process lost its lease, and another one continues the backfill
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

void StreamStartup::wait_for(const checkpoint::Held& held, std::string& last_holder,
                             const std::stop_token& stop) {
  if (!held.holder.empty() && held.holder != last_holder) {
    last_holder = held.holder;
    const std::string why =
        held.shard + " is held by " + held.holder + "; waiting until it stops or its lease ends";
    log_.warn("{}", why);
    observer_.waiting(why);
  }
  const auto least = std::chrono::milliseconds(std::max<std::int64_t>(held.for_ms, 10));
  flow::pause(std::min<flow::Duration>(lease_poll, least), stop);
}

/// Shards that start at the same time conflict for a moment. A lasting conflict is a transaction that a dead
/// holder left open and that this user may not end; the server ends it after its own limit. So after many
/// conflicts the wait is reported.
checkpoint::Held StreamStartup::conflict(int times) const {
  constexpr int times_before_it_is_said = 40;
  std::uniform_int_distribution<int> wait_ms(10, 100);
  std::minstd_rand random(std::random_device{}());
  const bool lasting = times >= times_before_it_is_said;
  return {store_.id().shard_id(), lasting ? "a transaction that an earlier holder left open" : "",
          wait_ms(random)};
}

checkpoint::AcquireResult StreamStartup::take_lease() {
  const std::lock_guard turn(resources_.preparing);
  return store_.acquire(plan_.acquire);
}

std::optional<checkpoint::Acquired> StreamStartup::acquire(const std::stop_token& stop) {
  std::optional<checkpoint::Acquired> acquired;
  std::string last_holder;
  int conflicts = 0;
  while (!acquired && !stop.stop_requested()) {
    std::optional<checkpoint::Held> held;
    const bool asked = retry_until("take the lease", stop, [&]() -> std::optional<Error> {
      checkpoint::AcquireResult result = take_lease();
      if (const auto* error = std::get_if<Error>(&result)) {
        if (!mongo::is_conflict(*error)) return *error;
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

bool StreamStartup::open(Opened& opened, const std::stop_token& stop) {
  checkpoint::Acquired& acquired = opened.acquired;
  opened.stream = std::move(plan_.events);
  std::optional<Position> after = acquired.floor;
  if (!look_elsewhere(acquired, after, stop)) return false;
  // Another program read up to this position, with a filter of its own.
  const bool foreign = after && (!acquired.floor || after->data() != acquired.floor->data());
  const bool by_time = foreign || acquired.filter_changed;
  const auto open = [&] { return opened.stream->open(after, opened.at, by_time); };
  if (!retry_until("open the change stream", stop, open)) return false;
  if (foreign) acquired.facts.push_back({1, 0, std::string(after->data()), {}});
  if (!acquired.floor) return open_at_origin(opened, stop);
  if (foreign) acquired.floor = after;
  return check_filled(acquired, stop) && begin_windows(acquired, stop);
}

/// The very first start: all shards begin where the first one began. That position is stored before the
/// worker reports that it is ready.
bool StreamStartup::open_at_origin(Opened& opened, const std::stop_token& stop) {
  checkpoint::Acquired& acquired = opened.acquired;
  Position origin = opened.at;
  if (!plan_.acquire.restart_now) {
    const auto agree = [&] { return store_.agree_on_origin(opened.at, origin); };
    if (!retry_until("store the first position", stop, agree)) return false;
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
  if (!stored || origin.data() == opened.at.data()) return stored;
  return retry_until("open the change stream", stop, [&] { return opened.stream->open(origin, opened.at); });
}

/// Finds how far another program has published. `after` is where the stream begins; it is changed if the
/// other program's progress requires it.
bool StreamStartup::look_elsewhere(checkpoint::Acquired& acquired, std::optional<Position>& after,
                                   const std::stop_token& stop) {
  // Skipped after a rebuild, which has already made up for everything after the other program's token.
  const bool rebuilt = !after && acquired.was_filled;
  if (!plan_.look_elsewhere || plan_.acquire.restart_now || rebuilt) return true;
  checkpoint::ForeignProgress found;
  const auto look = [&] { return plan_.look_elsewhere(after, found); };
  if (!retry_until("read the other program's resume tokens", stop, look)) return false;
  if (found.begin) after = std::move(found.begin);
  acquired.told_elsewhere = std::move(found.told);
  return true;
}

bool StreamStartup::check_filled(checkpoint::Acquired& acquired, const std::stop_token& stop) {
  const auto check = [&] { return plan_.check_filled(acquired); };
  return retry_until("look at what stands in the sources", stop, check);
}

/// If nothing is done beyond the stored position and no dedup windows are stored, the windows begin empty.
/// This is stored before the first event, so that a later run can distinguish them from windows that were
/// lost.
bool StreamStartup::begin_windows(checkpoint::Acquired& acquired, const std::stop_token& stop) {
  if (!plan_.no_repetitions || acquired.windows) return true;
  const std::string_view floor = acquired.floor->data();
  const auto beyond = [&](const auto& fact) { return fact.newest() > floor; };
  if (std::ranges::any_of(acquired.facts, beyond)) return true;
  acquired.windows = plan_.no_repetitions;
  return retry_until("store the first position", stop, [&] {
    return store_.renew(acquired.epoch, plan_.acquire.lease_ms, std::nullopt, false, acquired.windows);
  });
}

}  // namespace sluice::pipeline
