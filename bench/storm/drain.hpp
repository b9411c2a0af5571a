#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "mongo.hpp"

namespace storm {

/// The options of a change stream on a database.
struct StreamShape {
  std::string pipeline = "[]";  ///< JSON array: the stages after $changeStream
  std::string full_document;    ///< empty: the server's default
  std::string pre_image;        ///< fullDocumentBeforeChange; empty: off
};

/// The options of the change stream that a worker has open on `database` now.
StreamShape stream_of(const Client& client, const std::string& database);

/// How fast a bare cursor reads events.
struct Drain {
  std::int64_t events = 0;
  double seconds = 0;            ///< from opening the stream to the last event
  std::int64_t first_batch = 0;  ///< events in the server's first reply
  double first_seconds = 0;      ///< from opening the stream to that reply
  double megabytes = 0;          ///< size of all events as BSON
  double events_per_second() const { return static_cast<double>(events) / seconds; }
  /// Events per second without the first batch, for comparison with a worker, whose counters do not show how
  /// long its first batch took. If that has more than a quarter of all events: events_per_second().
  double steady_rate() const;
};

/// Reads `events` events from `from` on and calls `act` with each event and its token (null: does nothing).
/// With a batch size of 0, the server chooses.
struct Event {
  const bson_t* document;
  const bson_t* token;
};
using Act = std::function<void(const Event&)>;
Drain drain(const Client& client, const std::string& database, const StreamShape& shape, int batch,
            Moment from, std::int64_t events, const Act& act = nullptr);

}  // namespace storm
