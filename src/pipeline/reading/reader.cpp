#include "pipeline/reading/reader.hpp"

#include <algorithm>
#include <random>

#include "core/guarded.hpp"
#include "flow/pause.hpp"

namespace sluice::pipeline {

Reader::Reader(mongo::ClientPool& pool, checkpoint::CheckpointStore& store, flow::Budget& budget,
               ReaderPlan plan, ReaderObserver observer, StreamResources& resources,
               const observe::StreamLog& log)
    : pool_(pool),
      budget_(budget),
      plan_(std::move(plan)),
      observer_(std::move(observer)),
      resources_(resources),
      log_(log),
      startup_(pool, store, plan_, observer_, resources, log_),
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
    run_guarded([&] { run(stop); }, [this](int code, const char* what) { on_thrown(code, what); });
    ended_ = true;
  });
}

void Reader::on_thrown(int exit_code, const char* what) {
  startup_.note_problem(what);
  observer_.failed(exit_code, what);
}

void Reader::request_stop() {
  thread_.request_stop();
  budget_.close();
}

void Reader::run(const std::stop_token& stop) {
  auto opened = startup_.run([this](std::int64_t epoch) { epoch_ = epoch; }, stop);
  if (!opened) return;
  observer_.opened(std::move(opened->acquired), opened->at);
  read(*opened->stream, std::move(opened->at), stop);
}

void Reader::read(source::EventStream& stream, Position at, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    budget_.wait_for_room();
    if (stop.stop_requested()) return;
    if (stream.outdated() && !move(stream, at, stop)) return;
    stream.read_at_most(limit());
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
    const std::size_t events = batch->events.size();
    const bool in_mid_event = events == 0 && !batch->resume_token;  // only a part of an event has come
    if (!in_mid_event) at = source::end_of(*batch);
    if (events > 0) bytes_of_an_event_ = std::max<std::size_t>(1, batch->size / events);
    post(std::move(batch));
    if (!in_mid_event && reading_.came(events) && !change_reading(stream, at, stop)) return;
    if (!in_mid_event) pump_snapshots(stream, at, stop);
    if (stream.invalidated() && plan_.tells_only) provide_again();
  }
}

/// A source that counts events is given as many as should have so many bytes.
source::ReadLimit Reader::limit() const {
  const std::int64_t most = budget_.most_of_an_answer();
  if (most == INT64_MAX) return {};
  const auto bytes = static_cast<std::size_t>(most);
  return {std::max<std::size_t>(1, bytes / bytes_of_an_event_), bytes,
          static_cast<std::size_t>(budget_.most_shared())};
}

void Reader::post(std::unique_ptr<source::StreamBatch> batch) {
  batch->expected = budget_.add(static_cast<std::int64_t>(batch->events.size()), source::charged_of(*batch),
                                static_cast<std::int64_t>(batch->size));
  observer_.batch(std::move(batch));
}

std::optional<Error> Reader::mark_own(source::EventStream& stream, source::StreamBatch& batch) {
  if (!plan_.own_writes) return std::nullopt;
  return mongo::or_error([&] { return plan_.own_writes->mark(stream, batch); });
}

/// When a database was dropped, its recreated collections no longer keep pre-images. So the database is
/// prepared again.
void Reader::provide_again() {
  const std::lock_guard turn(resources_.preparing);
  if (const auto error = plan_.provision()) {
    log_.warn("the database was dropped and could not be prepared again: {}", error->text());
  }
}

/// Reads snapshot chunks between two answers of the stream, as of the stream's position `at`. At most a few
/// at once, so that the stream's own events are not delayed for long.
void Reader::pump_snapshots(source::EventStream& stream, const Position& at, const std::stop_token& stop) {
  constexpr int chunks_at_once = 8;
  SnapshotPump& snapshots = *plan_.snapshots;
  bool active = false;
  for (int chunk = 0; chunk < chunks_at_once && !stop.stop_requested(); ++chunk) {
    active = snapshots.active(flow::Clock::now());
    if (!active) break;
    budget_.wait_for_room();
    std::unique_ptr<source::StreamBatch> batch;
    if (auto error = mongo::or_error([&] { return snapshots.next(at, batch, limit().events); })) {
      pool_.reconsider(*error);
      snapshot_unread_.failed(*error);
      active = false;
      break;
    }
    snapshot_unread_.succeeded();
    post(std::move(batch));
  }
  stream.be_patient(!active);
}

/// Whether reading less of each event, or judging less, may get past an event that the server cannot send. An
/// expression that fails has the error code of the operator that failed. So an error that nothing else
/// explains may come from an expression, or from an event that could be sent in part.
bool Reader::reads_less(const Error& error) {
  if (error.kind == ErrorKind::too_large) return reading_.too_large();
  const bool unexplained = error.kind == ErrorKind::fatal && !mongo::is_denial(error);
  if (!unexplained) return false;
  if (plan_.stream.filter.has_expressions() && reading_.misjudged()) return true;
  return reading_.now().detail != Detail::key_only && reading_.too_large();
}

bool Reader::open_again(source::EventStream& stream, Position& at, const Error& error,
                        const std::stop_token& stop) {
  if (!reads_less(error)) return reopen(stream, at, error, stop);
  observer_.reading_less(error, reading_.now());
  return change_reading(stream, at, stop);
}

/// Reopens the stream at the same position, with the detail and batch size that the reading policy asks for
/// now.
bool Reader::change_reading(source::EventStream& stream, Position& at, const std::stop_token& stop) {
  stream.read_as(reading_.now());
  return move(stream, at, stop);
}

/// Opens the stream again at the same position, with a current client and the current options.
bool Reader::move(source::EventStream& stream, Position& at, const std::stop_token& stop) {
  auto error = mongo::or_error([&] { return stream.open(at, at); });
  return !error || reopen(stream, at, std::move(*error), stop);
}

bool Reader::reopen(source::EventStream& stream, Position& at, Error error, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pool_.reconsider(error);
    const auto action = policy_.failed(error);
    if (!action.retry_after) {
      observer_.failed(action.exit_code, action.stop);
      return false;
    }
    observer_.reopening(error);
    if (!flow::pause(*action.retry_after, stop)) return false;
    auto again = mongo::or_error([&] { return stream.open(at, at); });
    if (!again) return true;
    error = std::move(*again);
  }
  return false;
}

}  // namespace sluice::pipeline
