#include "pipeline/relay/relay_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "checkpoint/progress_snapshot.hpp"
#include "core/guarded.hpp"
#include "flow/backoff.hpp"
#include "flow/pause.hpp"
#include "requirements/fingerprints.hpp"
#include "rules/registry.hpp"
#include "source/relay_stream.hpp"
#include "source/resume_token.hpp"

namespace sluice::pipeline {

namespace {

using std::chrono::milliseconds;

constexpr auto relay_lease_poll = milliseconds(500);
/// After so many conflicts in a row over the lease it is reported.
constexpr int lasting_conflicts = 40;
constexpr auto least_renewal_pause = milliseconds(100);  // between a failed renewal and the next
constexpr auto heartbeat_interval = milliseconds(1000);
/// How much further back than the present a relay begins at first: a partition's begin may be agreed upon
/// while the relay starts.
constexpr std::uint64_t first_overlap_s = 60;

std::string_view token_of(bson::View event) {
  return event.at("_id").document().at("_data").text();
}

Position position_of(const source::StreamBatch& batch) {
  const bool at_event =
      !batch.events.empty() && token_of(batch.events.back()) == batch.resume_token.at("_data").text();
  const std::uint64_t time = batch.events.empty()
                                 ? source::time_of_token(batch.resume_token).value_or(batch.operation_time)
                                 : batch.events.back().at("clusterTime").timestamp();
  return Position::of(batch.resume_token, time, at_event);
}

/// Where the change stream goes on behind a record of the log. Behind an event it is opened by the event's
/// time: the filter may leave that event out now, and other events of the same time may not be in the log.
/// An event whose last part is missing comes again: the position's token is a little smaller than its own.
Position position_of(const RelayRecord& record, bool event) {
  std::string_view data = record.token();
  if (record.header.part + 1 < record.header.parts) data.remove_suffix(1);
  bson::Builder token;
  Position position = Position::of(token.append("_data", data).finish(), 0);
  position.cluster_time = source::time_of_token(position.view()).value_or(0);
  const bson::View body(reinterpret_cast<const std::uint8_t*>(record.body.data()), record.body.size());
  position.at_event = event || source::RelayHeartbeat::read(body).of_event;
  return position;
}

bool holds_event(const RelayRecord& record) {
  const bson::View body(reinterpret_cast<const std::uint8_t*>(record.body.data()), record.body.size());
  return record.header.parts > 1 || !source::RelayHeartbeat::is(body);
}

/// Ends the ids of an event's parts: parts of another size or text are other messages.
std::string mark_of_parts(bson::View body, std::size_t most) {
  const std::span<const std::uint8_t> bytes(body.data(), body.size());
  return fmt::format("/{}-{:016x}", most, bson::stable_hash(bytes, 0));
}

/// From the last event to the server's clock.
double seconds_behind(const source::StreamBatch& batch) {
  if (batch.events.empty()) return 0;
  const std::uint64_t last = batch.events.back().at("clusterTime").timestamp() >> 32;
  const std::uint64_t now = batch.operation_time >> 32;
  return now > last ? static_cast<double>(now - last) : 0;
}

}  // namespace

RelayWriter::RelayWriter(Parts parts)
    : parts_(std::move(parts)),
      rules_(rules::make_rules(parts_.stream, parts_.config.parts())),
      filter_(requirements::filter_of(rules_)),
      version_(requirements::relay_version(parts_.config, parts_.stream, rules_)),
      condition_("relay of " + parts_.stream.name),
      store_(
          parts_.resources->pool, parts_.config.state_database,
          {parts_.config.pipeline, checkpoint::relay_stream_name(parts_.stream.name), 1, 0, 0, "", version_},
          parts_.resources->self),
      log_(*parts_.resources->relay),
      warning_(parts_.log, log_.name() + " is not written"),
      metrics_(parts_.metrics.relay(parts_.stream.name)),
      in_part_(parts_.log, {metrics_.large_events, metrics_.events_read, metrics_.events_dead}),
      reading_(parts_.config.engine.cursor_batch, filter_.parts_serve()),
      on_scrape_(parts_.metrics.on_scrape(
          [this] { metrics_.behind_seconds.Set(lateness_.behind(flow::Clock::now())); })) {}

RelayWriter::~RelayWriter() {
  request_stop();
  if (thread_.joinable()) thread_.join();
  writes(false);
  parts_.readiness.note(condition_, "");
  parts_.readiness.forget(condition_);
}

void RelayWriter::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    run_guarded([&] { run(stop); },
                [this](int, const char* what) {
                  parts_.log.error("the relay's writer ends: {}", what);
                  parts_.readiness.not_ready(condition_, what);
                });
  });
}

/// Whether this instance is the one that writes.
void RelayWriter::writes(bool now) {
  metrics_.writer.Set(now ? 1 : 0);
  if (now) {
    lateness_.begin(flow::Clock::now());
    return;
  }
  lateness_.end();
  metrics_.behind_seconds.Set(0);
  parts_.readiness.degraded(condition_, "");
}

/// A writer that writes, and does not keep up.
void RelayWriter::report_lateness() {
  const flow::Time now = flow::Clock::now();
  const bool slow = lateness_.slow(now);
  parts_.readiness.degraded(condition_,
                            slow ? fmt::format("{} is {:.0f} s behind MongoDB; its writer does not keep up",
                                               log_.name(), lateness_.behind(now))
                                 : std::string());
}

void RelayWriter::failing(Error error) {
  parts_.resources->pool.reconsider(error);
  warning_.failed(error);
  parts_.readiness.not_ready(condition_, log_.name() + " is not written: " + error.text());
}

void RelayWriter::run(const std::stop_token& stop) {
  flow::Backoff backoff({milliseconds(50), std::chrono::seconds(5)}, std::random_device{}());
  while (!stop.stop_requested()) {
    if (!lease_ && !take_lease(stop)) continue;
    const flow::Time began = flow::Clock::now();
    auto error = mongo::or_error([&] { return write(stop); });
    appender_.reset();
    if (!error) break;
    if (error->kind == ErrorKind::fenced) {
      parts_.log.warn("another instance writes {} now", log_.name());
      lease_.reset();
      writes(false);
      continue;
    }
    failing(*error);
    if (flow::Clock::now() > began + std::chrono::seconds(10)) backoff.reset();
    flow::pause(backoff.next(), stop);
    error = mongo::or_error([&] { return renew(); });
    if (error && error->kind == ErrorKind::fenced) {
      lease_.reset();
      writes(false);
    }
  }
  if (!lease_) return;
  if (const auto error = mongo::or_error([&] { return store_.release(epoch_); }))
    parts_.log.warn("the relay's lease could not be released: {}", error->text());
}

bool RelayWriter::take_lease(const std::stop_token& stop) {
  const flow::Time asked = flow::Clock::now();
  std::optional<Error> failed;
  const auto error = mongo::or_error([&]() -> std::optional<Error> {
    if (auto unprepared = store_.prepare()) return unprepared;
    auto result = store_.acquire({false, true, parts_.config.engine.lease_ms});
    if (const auto* why = std::get_if<Error>(&result)) return *why;
    if (const auto* mine = std::get_if<checkpoint::Acquired>(&result)) {
      epoch_ = mine->epoch;
      // What another filter has read says nothing about this one's events.
      landed_ = mine->filter_changed ? std::nullopt : mine->floor;
      lease_.emplace(milliseconds(parts_.config.engine.lease_ms), asked);
    } else {
      parts_.readiness.ready(condition_);
      parts_.readiness.note(condition_, "written by " + std::get<checkpoint::Held>(result).holder);
    }
    return std::nullopt;
  });
  // Instances that start together ask for the lease together, and one of them gets it.
  conflicts_ = error && mongo::is_conflict(*error) ? conflicts_ + 1 : 0;
  if (error && (conflicts_ == 0 || conflicts_ >= lasting_conflicts)) failing(*error);
  if (!lease_) {
    flow::pause(relay_lease_poll, stop);
    return false;
  }
  parts_.log.info("this instance writes {} (epoch {})", log_.name(), epoch_);
  parts_.readiness.note(condition_, "written by this instance");
  writes(true);
  return true;
}

std::optional<Error> RelayWriter::renew() {
  const flow::Time now = flow::Clock::now();
  if (!lease_ || now < lease_->renew_at()) return std::nullopt;
  auto error =
      mongo::or_error([&] { return store_.renew(epoch_, parts_.config.engine.lease_ms, landed_, false); });
  if (!error) lease_->renewed(now);
  // Until it ends, nobody else takes it.
  if (error && error->kind != ErrorKind::fenced && !lease_->expired(now)) return std::nullopt;
  return error;
}

std::optional<Error> RelayWriter::write(const std::stop_token& stop) {
  if (auto error = log_.prepare()) return error;
  if (auto error = log_.write(appender_)) return error;
  std::optional<Position> after;
  if (auto error = look_at_log(after)) return error;
  reading_ = flow::ReadingPolicy(parts_.config.engine.cursor_batch, filter_.parts_serve());
  source::ChangeStream stream(parts_.resources->pool,
                              {parts_.stream.database, filter_, parts_.config.engine.cursor_batch,
                               parts_.config.engine.max_await_ms});
  if (auto error = begin(stream, after)) return error;
  appender_->begin();
  auto error = copy(stream, stop);
  history_lost_ = error && error->kind == ErrorKind::lost;
  return error;
}

/// Where the log ends, and so where to go on. Nothing in `after` if it does not end in each partition with a
/// record that is of use.
std::optional<Error> RelayWriter::look_at_log(std::optional<Position>& after) {
  RelayState state;
  if (auto error = log_.look(state)) return error;
  sequence_ = state.last;
  under_way_ = bytes_under_way_ = 0;
  answered_ = {};
  told_.clear();
  forget_tails();
  previous_.assign(static_cast<std::size_t>(partitions()), state.last);
  if (state.records == 0) return std::nullopt;
  bool whole = true;
  std::optional<RelayRecord> record;
  for (int partition = 0; partition < partitions(); ++partition) {
    if (auto error = renew()) return error;
    if (auto error = log_.last_of(partition, record)) return error;
    if (record && !record->header.is_of(version_)) return written_by_others(log_);
    if (record) {
      previous_[static_cast<std::size_t>(partition)] = record->sequence;
      sequence_ = std::max(sequence_, record->sequence);
    }
    if (!record || record->header.version != version_) {
      whole = false;
      continue;
    }
    const bool event = holds_event(*record);
    tails_[static_cast<std::size_t>(partition)] =
        Tail{std::string(record->token()), record->header.part, record->header.parts, record->id, !event};
    overlaps_ = true;
    Position end = position_of(*record, event);
    if (!after || end.data() < after->data()) after = std::move(end);
  }
  if (!whole) after.reset();
  return std::nullopt;
}

/// Opens the change stream behind the log's end; `tails_` tells which events of there are in the log.
std::optional<Error> RelayWriter::begin(source::ChangeStream& stream, const std::optional<Position>& after) {
  bool gap = false;
  std::optional<Error> error;
  if (history_lost_) {  // as some servers tell only of a getMore
    error = Error{ErrorKind::lost, 0, "the history is gone"};
  } else if (after) {
    error = stream.open(after, at_, true);
    at_ = *after;
  } else {
    error = find_begin(stream);
  }
  if (error && error->kind == ErrorKind::lost) {
    parts_.log.error(
        "what follows the end of {} can no longer be read from MongoDB: {}; it goes on from the present "
        "moment, and "
        "on_lost says what each partition does about the gap",
        log_.name(), error->text());
    forget_tails();
    gap = true;
    history_lost_ = false;
    error = stream.open(std::nullopt, at_);
  }
  if (error) return error;
  if (after && !gap) return std::nullopt;
  appender_->begin();
  if (auto unsent = heartbeat(gap, {})) return unsent;
  return land({});
}

/// Where to begin if the log's end does not tell: it begins where the partition furthest behind stands, or,
/// at the very first, somewhat before the present moment.
std::optional<Error> RelayWriter::find_begin(source::ChangeStream& stream) {
  if (auto error = stream.open(std::nullopt, at_)) return error;
  const Position present = at_;
  checkpoint::ProgressSnapshot stands;
  if (auto error =
          checkpoint::read_progress_snapshot(parts_.resources->pool, parts_.config.state_database,
                                             parts_.config.pipeline + "/" + parts_.stream.name, stands)) {
    return error;
  }
  std::optional<Position> from = stands.floor ? stands.floor : landed_;
  if (from) {
    auto error = stream.open(from, at_, true);
    if (!error) at_ = *from;
    return error;
  }
  from = present;
  from->cluster_time -= std::min(from->cluster_time, first_overlap_s << 32);
  from->at_event = true;
  const auto error = stream.open(from, at_, true);
  return error && error->kind == ErrorKind::lost ? stream.open(std::nullopt, at_) : error;
}

std::optional<Error> RelayWriter::copy(source::ChangeStream& stream, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (auto error = renew()) return error;
    if (stream.outdated()) {
      if (auto error = reopen(stream)) return error;
    }
    std::unique_ptr<source::StreamBatch> batch;
    if (auto error = next(stream, batch)) return error;
    const flow::Time answered = flow::Clock::now();
    // Those of the last batch have had the time of this answer.
    if (auto error = land(stop)) return stop.stop_requested() ? std::nullopt : error;
    warning_.succeeded();
    parts_.readiness.ready(condition_);
    report_lateness();
    if (!batch) continue;
    if (auto error = append(*batch, stop)) return error;
    if (batch->resume_token) {
      reach(position_of(*batch));
      const bool due = flow::Clock::now() >= heartbeat_at_;
      if (due && !overlaps_ && at_.data() > told_) {
        if (auto error = heartbeat(false, stop)) return error;
      }
      if (reading_.came(batch->events.size())) {
        stream.read_as(reading_.now());
        if (auto error = reopen(stream)) return error;
      }
    }
    late_s_ = seconds_behind(*batch);
    answered_ = answered;
    if (batch->events.empty()) {
      if (auto error = land(stop)) return stop.stop_requested() ? std::nullopt : error;
      lateness_.caught_up(answered);
    }
  }
  return std::nullopt;  // whoever writes next sees in the log what of it has arrived
}

/// A change stream that was opened by time may begin before the position. All up to `position` has come.
void RelayWriter::reach(Position position) {
  if (overlaps_) {
    overlaps_ = false;
    for (auto& tail : tails_) {
      if (tail && tail->token <= position.data()) tail.reset();
      overlaps_ |= tail.has_value();
    }
  }
  if (position.data() > at_.data()) at_ = std::move(position);
}

void RelayWriter::forget_tails() {
  tails_.assign(static_cast<std::size_t>(partitions()), std::nullopt);
  overlaps_ = false;
}

/// Whether the log has the event. An event of several records may be there in part (append_to).
bool RelayWriter::is_old(int partition, std::string_view token) const {
  const auto& tail = tails_[static_cast<std::size_t>(partition)];
  if (!tail) return token <= at_.data();
  return token < tail->token || (tail->heartbeat && token == tail->token);
}

/// Opens the change stream by time only while the log may lack events of the time at which it ends. Otherwise
/// by token: an event that cannot be read whole, or an invalidation, must not come twice.
std::optional<Error> RelayWriter::reopen(source::ChangeStream& stream) {
  Position ignored;
  return stream.open(at_, ignored, overlaps_);
}

/// Whether reading less of each event, or judging less, may get past an event that the server cannot send.
bool RelayWriter::reads_less(const Error& error) {
  if (error.kind == ErrorKind::too_large) return reading_.too_large();
  const bool unexplained = error.kind == ErrorKind::fatal && !mongo::is_denial(error);
  if (!unexplained) return false;
  if (filter_.has_expressions() && reading_.misjudged()) return true;
  return reading_.now().detail != Detail::key_only && reading_.too_large();
}

/// Nothing in `batch`: the stream was opened again, to read less of an event, or behind an invalidation.
std::optional<Error> RelayWriter::next(source::ChangeStream& stream,
                                       std::unique_ptr<source::StreamBatch>& batch) {
  const bool closed = stream.invalidated();
  auto error = stream.next(batch);
  if (!error) return std::nullopt;
  batch.reset();
  if (closed) return reopen(stream);
  if (!reads_less(*error)) return error;
  const int usual = parts_.config.engine.cursor_batch;
  in_part_.less(*error, reading_.now(), usual, filter_.parts_serve() ? usual : 1);
  stream.read_as(reading_.now());
  return reopen(stream);
}

std::optional<Error> RelayWriter::append(const source::StreamBatch& batch, const std::stop_token& stop) {
  for (const bson::View event : batch.events) {
    if (auto error = append_event(event, stop)) return error;
  }
  return appender_->flush();
}

/// What happens to a whole collection has no document, and concerns every partition.
std::optional<Error> RelayWriter::append_event(bson::View event, const std::stop_token& stop) {
  const std::string_view token = token_of(event);
  const bson::Value id = event.at("documentKey").document().at("_id");
  if (id) {
    const int partition = static_cast<int>(hasher_.hash(id) % partitions());
    return append_unless_old(partition, token, event, false, stop);
  }
  for (int partition = 0; partition < partitions(); ++partition) {
    if (auto error = append_unless_old(partition, token, event, true, stop)) return error;
  }
  return std::nullopt;
}

std::optional<Error> RelayWriter::append_unless_old(int partition, std::string_view token, bson::View event,
                                                    bool copied, const std::stop_token& stop) {
  return is_old(partition, token) ? std::nullopt : append_to(partition, token, event, copied, stop);
}

/// Which part of an event of so many parts is the first that the log lacks. If the log ends with parts of
/// another size, or of another text (a document that was looked up has changed since), the event is written
/// from its beginning: readers forget the parts before.
int RelayWriter::first_missing_part(int partition, std::string_view token, int parts,
                                    const std::string& mark) const {
  const auto& tail = tails_[static_cast<std::size_t>(partition)];
  if (!tail || token > tail->token) return 0;
  if (token < tail->token || tail->part + 1 == tail->parts) return parts;
  return tail->id.ends_with(mark) ? tail->part + 1 : 0;
}

/// In as many records as it takes.
std::optional<Error> RelayWriter::append_to(int partition, std::string_view token, bson::View body,
                                            bool copied, const std::stop_token& stop) {
  const std::size_t most = appender_->most_bytes();
  const int parts = static_cast<int>((body.size() + most - 1) / most);
  std::uint64_t& previous = previous_[static_cast<std::size_t>(partition)];
  const std::string mark = parts > 1 ? mark_of_parts(body, most) : "";
  for (int part = first_missing_part(partition, token, parts, mark); part < parts; ++part) {
    if (under_way_ == RelayAppender::most_records) {
      if (auto error = appender_->flush()) return error;
      if (auto error = land(stop)) return error;
      appender_->begin();
    }
    std::string id(token);
    if (copied || parts > 1) id += "/" + std::to_string(partition) + "/" + std::to_string(part);
    id += mark;
    const std::size_t from = static_cast<std::size_t>(part) * most;
    const std::span<const std::uint8_t> bytes(body.data() + from, std::min(most, body.size() - from));
    if (auto error = appender_->append(partition, id, {version_, previous, part, parts}, bytes, sequence_))
      return error;
    previous = ++sequence_;
    ++under_way_;
    bytes_under_way_ += bytes.size();
  }
  return std::nullopt;
}

/// Tells every partition where the stream stands, so that a partition without events moves on.
std::optional<Error> RelayWriter::heartbeat(bool gap, const std::stop_token& stop) {
  bson::Builder out;
  const bson::View body = source::RelayHeartbeat{gap, at_.at_event}.make(at_, out);
  told_ = at_.data();
  heartbeat_at_ = flow::Clock::now() + heartbeat_interval;
  for (int partition = 0; partition < partitions(); ++partition) {
    // No reader has come this far, so whoever reads on to here finds that something is missing.
    if (gap) previous_[static_cast<std::size_t>(partition)] = sequence_ + 1;
    if (auto error = append_to(partition, told_, body, true, stop)) return error;
  }
  return appender_->flush();
}

/// Waits until all that is under way is in the log.
std::optional<Error> RelayWriter::land(const std::stop_token& stop) {
  if (under_way_ == 0) return std::nullopt;
  const auto records = static_cast<double>(std::exchange(under_way_, 0));
  const auto bytes = static_cast<double>(std::exchange(bytes_under_way_, 0));
  if (auto error = wait_for_log(stop)) return error;
  metrics_.records.Increment(records);
  metrics_.bytes.Increment(bytes);
  if (answered_ != flow::Time{}) lateness_.reached(answered_, late_s_);
  landed_ = at_;
  appender_->begin();
  return std::nullopt;
}

/// How long the log may take to acknowledge records.
milliseconds RelayWriter::patience() const {
  const Config& config = parts_.config;
  return milliseconds(config.relay.topic.empty() ? config.nats.ack_ms : config.kafka.ack_ms);
}

/// Renews the lease meanwhile: an acknowledgement may take longer than a lease lasts.
std::optional<Error> RelayWriter::wait_for_log(const std::stop_token& stop) {
  const flow::Time until = flow::Clock::now() + patience();
  while (true) {
    if (auto error = renew()) return error;
    const flow::Time now = flow::Clock::now();
    const flow::Time next = std::max(lease_->renew_at(), now + least_renewal_pause);
    const auto wait = std::chrono::ceil<milliseconds>(std::min(next, until) - now);
    if (appender_->settled(std::max(wait, milliseconds(0)), stop) || flow::Clock::now() >= until) break;
  }
  return appender_->land(milliseconds(0), stop);
}

std::unique_ptr<RelayWriter> make_relay_writer(const WorkerContext& context, const StreamConfig& stream,
                                               std::shared_ptr<StreamResources> resources) {
  if (!context.config.relay) return nullptr;
  return std::make_unique<RelayWriter>(
      RelayWriter::Parts{context.config, stream, std::move(resources), context.readiness, context.metrics,
                         observe::StreamLog(*context.log, "relay of " + stream.name, stream.name)});
}

}  // namespace sluice::pipeline
