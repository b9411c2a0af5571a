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
  /// For each event, whether this pipeline made the change. Empty if no rule needs to know, or if no event
  /// can be such a change.
  std::vector<bool> own;
  bson::View resume_token;           ///< position after this batch; absent inside a split event
  std::uint64_t operation_time = 0;  ///< the server's cluster time when it answered
  std::vector<std::vector<std::uint8_t>> assembled;  ///< storage of events that were joined from fragments
  std::function<void()> on_done;  ///< if set: called on the stream's strand when the whole batch is resolved

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

/// A change stream on a database, read one whole batch at a time. (libmongoc's own change stream hands out
/// single documents that are only valid until the next one, so each would have to be copied.) Blocks; used by
/// one thread.
///
/// Holds one client of the pool from one open() to the next. After an answer took longer than the client
/// waits, it uses a separate client with a longer time-out until an answer has come.
class ChangeStream {
 public:
  ChangeStream(mongo::ClientPool& pool, StreamOptions options);
  ~ChangeStream();
  ChangeStream(const ChangeStream&) = delete;
  ChangeStream& operator=(const ChangeStream&) = delete;

  /// Opens the stream after `after`, or at the present moment. On success `at` holds the position where it
  /// begins. `filter_changed`: `after` was read under another filter. If `after` is the token of an event,
  /// the server looks for that event, and the new filter may drop it. So the stream is then opened at the
  /// event's cluster time, and begins with events that were read before.
  std::optional<Error> open(const std::optional<Position>& after, Position& at, bool filter_changed = false);

  /// How much of each event the next open() requests, and how many events next() requests.
  void read_as(const flow::ReadDetail& reading);
  /// Whether the stream should be reopened with another client: the pool's URI has changed, or the present
  /// client's time-out is longer than is needed now.
  bool outdated() const { return waits_ != patience_.now() || pool_.outdated(client_); }

  /// Whether next() waits for events when there are none.
  void be_patient(bool patient) { patient_ = patient; }

  /// The next batch; it is empty if nothing came within max_await_ms.
  std::optional<Error> next(std::unique_ptr<StreamBatch>& batch);

  /// Runs a command on `database`, on the server that the stream is open on.
  mongo::Reply ask(const std::string& database, bson::View command) const {
    return session_.command(database, command);
  }

  /// Whether the server closed the stream because the watched database was dropped. Opened after its last
  /// position, the stream continues with later events.
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
  flow::Duration waits_;  ///< how long client_ waits for an answer
  StreamOptions options_;
  mongo::PinnedSession session_;
  std::int64_t cursor_ = 0;
  bool patient_ = true;
  bool invalidated_ = false;
  Abilities abilities_;  ///< of the server that the stream is open on
  EventAssembler assembler_;
};

}  // namespace sluice::source
