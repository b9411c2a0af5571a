#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "mongo.hpp"

namespace storm {

/// How a change stream on a database is asked for.
struct StreamShape {
  std::string pipeline = "[]";  ///< JSON array: the stages behind $changeStream
  std::string full_document;    ///< empty: the server's default
  std::string pre_image;        ///< fullDocumentBeforeChange; empty: off
};

/// The shape of the change stream that somebody (a worker) has open on `database` now.
StreamShape stream_of(const Client& client, const std::string& database);

/// How fast a bare cursor reads events when nothing at all is done with them.
struct Drain {
  std::int64_t events = 0;
  double seconds = 0;            ///< from opening the stream to the last event
  std::int64_t first_batch = 0;  ///< events that came with the first answer
  double first_seconds = 0;      ///< when they came
  double megabytes = 0;          ///< of events, as BSON
  double events_per_second() const { return static_cast<double>(events) / seconds; }
  /// The rate behind the first batch, whose making no worker's counters show. Of little use where one batch
  /// holds most events: then the rate of all.
  double steady_rate() const;
};

/// Read `events` events from `from` on and hand each to `act` (nothing, for a bare cursor), with its token.
/// A batch size of 0 leaves the choice to the server.
struct Event {
  const bson_t* document;
  const bson_t* token;
};
using Act = std::function<void(const Event&)>;
Drain drain(const Client& client, const std::string& database, const StreamShape& shape, int batch,
            Moment from, std::int64_t events, const Act& act = nullptr);

}  // namespace storm
