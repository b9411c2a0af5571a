#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/position.hpp"
#include "flow/read_detail.hpp"
#include "source/stream_batch.hpp"

namespace sluice::source {

/// Where a stream's Reader gets its events from: a change stream of its own, a feed that it shares with
/// others, or a log. Blocks; used by one thread.
class EventStream {
 public:
  EventStream() = default;
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;
  virtual ~EventStream() = default;

  /// Opens behind `after`, or at the present moment. On success `at` holds the position it stands at.
  /// `filter_changed`: `after` was read under another filter. Behind an event's own token the server would
  /// look for that event, which the filter may keep out now, so the stream is opened at the event's time
  /// instead: it then begins with events that are known already.
  virtual std::optional<Error> open(const std::optional<Position>& after, Position& at,
                                    bool filter_changed) = 0;
  std::optional<Error> open(const std::optional<Position>& after, Position& at) {
    return open(after, at, false);
  }

  /// How much of each event the next open() asks for, and how many events next() does.
  virtual void read_as(const flow::ReadDetail& reading) = 0;

  /// Whether the stream should be opened again at its position, since the connection it uses is no longer the
  /// right one.
  virtual bool outdated() const = 0;

  /// Whether next() waits for events when there are none.
  virtual void be_patient(bool patient) = 0;

  /// The next batch; an empty one when nothing came within max_await_ms.
  virtual std::optional<Error> next(std::unique_ptr<StreamBatch>& batch) = 0;

  /// Runs a command on another database, at a server that has at least what the last batch holds.
  virtual mongo::Reply ask(const std::string& database, bson::View command) = 0;

  /// Whether the stream has ended because the watched database was dropped. Opening it behind its last
  /// position continues after the drop.
  virtual bool invalidated() const = 0;
};

}  // namespace sluice::source
