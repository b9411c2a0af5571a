#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/position.hpp"
#include "flow/read_detail.hpp"
#include "source/stream_batch.hpp"

namespace sluice::source {

/// How much one batch should have. One event it may always have.
struct ReadLimit {
  std::size_t events = SIZE_MAX;
  std::size_t bytes = SIZE_MAX;
  /// How many bytes of answers that are shared with other readers may be kept in memory by batches that are
  /// in use. Beyond that, events are copied.
  std::size_t shared = SIZE_MAX;
};

/// Where a stream's Reader gets its events from: a change stream of its own, a feed that it shares with
/// others, or a log. Blocks; used by one thread.
class EventStream {
 public:
  EventStream() = default;
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;
  virtual ~EventStream() = default;

  /// Opens the stream after `after`, or at the present moment. On success `at` holds the position where it
  /// begins. `filter_changed`: `after` was read under another filter. If `after` is the token of an event,
  /// the server looks for that event, and the new filter may drop it. So the stream is then opened at the
  /// event's cluster time, and begins with events that were read before.
  virtual std::optional<Error> open(const std::optional<Position>& after, Position& at,
                                    bool filter_changed) = 0;
  std::optional<Error> open(const std::optional<Position>& after, Position& at) {
    return open(after, at, false);
  }

  /// How much of each event the next open() requests, and how many events next() requests.
  virtual void read_as(const flow::ReadDetail& reading) = 0;

  /// The limit of the next batches, as far as the source can keep it.
  virtual void read_at_most(const ReadLimit& limit) { static_cast<void>(limit); }

  /// Whether the stream should be reopened at its position, because it should use another connection.
  virtual bool outdated() const = 0;

  /// Whether next() waits for events when there are none.
  virtual void be_patient(bool patient) = 0;

  /// The next batch; it is empty if nothing came within max_await_ms.
  virtual std::optional<Error> next(std::unique_ptr<StreamBatch>& batch) = 0;

  /// Runs a command on `database`, on a server that has all that was written before the last batch's events.
  virtual mongo::Reply ask(const std::string& database, bson::View command) = 0;

  /// Whether the stream has ended because the watched database was dropped. Opened after its last position,
  /// it continues with later events.
  virtual bool invalidated() const = 0;
};

}  // namespace sluice::source
