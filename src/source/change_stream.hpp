#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/position.hpp"
#include "flow/await_policy.hpp"
#include "flow/read_detail.hpp"
#include "mongo/pinned.hpp"
#include "source/abilities.hpp"
#include "source/event_assembler.hpp"
#include "source/stream_filter.hpp"

namespace sluice::source {

/// The answer to one getMore, whole: the events are views into it.
struct StreamBatch {
  mongo::Reply reply;
  std::vector<bson::View> events;
  /// Which of them are changes that this pipeline made; empty where nobody asks, or none can be.
  std::vector<bool> own;
  bson::View resume_token;           ///< where the stream stands behind this batch; absent: in mid-event
  std::uint64_t operation_time = 0;  ///< the server's clock as it answered
  std::vector<std::vector<std::uint8_t>> assembled;  ///< events that came in fragments
  std::function<void()> on_done;  ///< if set: called when all of it is resolved, on the stream's strand

  std::size_t bytes() const {
    std::size_t sum = reply.document.get()->len;
    for (const auto& event : assembled) sum += event.size();
    return sum;
  }
};

struct StreamOptions {
  std::string database;
  StreamFilter filter;
  int cursor_batch = 1000;
  int max_await_ms = 500;
};

/// A change stream on a database, read a whole batch at a time: libmongoc's own change stream hands out
/// single documents that die with the next one, and would have each of them copied. Blocks; used by one
/// thread. Holds one client of the pool from one open() to the next; after a wait that was too short for the
/// server, one apart that waits longer, until an answer has come.
class ChangeStream {
 public:
  ChangeStream(mongo::ClientPool& pool, StreamOptions options);
  ~ChangeStream();
  ChangeStream(const ChangeStream&) = delete;
  ChangeStream& operator=(const ChangeStream&) = delete;

  /// Opens behind `after`, or at the present moment. On success `at` holds the position it stands at.
  /// `filter_changed`: `after` was read under another filter. Behind an event's own token the server would
  /// look for that event, which the filter may keep out now, so the stream is opened at the event's time
  /// instead: it then begins with events that are known already.
  std::optional<Error> open(const std::optional<Position>& after, Position& at, bool filter_changed = false);

  /// How much of each event the next open() asks for, and how many events next() does.
  void read_as(const flow::ReadDetail& reading);
  /// The pool's URI has changed since, or the stream waits longer for answers than it has to: to open again
  /// moves it to the client that it should have.
  bool outdated() const { return waits_ != patience_.now() || pool_.outdated(client_); }

  /// Whether next() waits for events when there are none.
  void be_patient(bool patient) { patient_ = patient; }

  /// The next batch; an empty one when nothing came within max_await_ms.
  std::optional<Error> next(std::unique_ptr<StreamBatch>& batch);

  /// A question about another database, to the server that the stream is open on.
  mongo::Reply ask(const std::string& database, bson::View command) const {
    return session_.command(database, command);
  }

  /// The server has closed the stream because the watched database was dropped; to open it behind its last
  /// place goes on from there.
  bool invalidated() const { return invalidated_; }

  void close();

 private:
  mongo::Reply command(bson::View command);
  void renew_client();
  void append_aggregate(bson::Builder& out, const std::optional<Position>& after, bool by_time) const;
  std::optional<Error> assemble(StreamBatch& batch);

  mongo::ClientPool& pool_;
  mongo::ClientPool::Client client_;
  flow::AwaitPolicy patience_;
  flow::Duration waits_;  ///< how long client_ does
  StreamOptions options_;
  mongo::PinnedSession session_;
  std::int64_t cursor_ = 0;
  bool patient_ = true;
  bool invalidated_ = false;
  Abilities abilities_;  ///< of the server that the stream is open on
  EventAssembler assembler_;
};

}  // namespace sluice::source
