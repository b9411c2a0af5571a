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
#include "source/event_stream.hpp"
#include "source/stream_filter.hpp"

namespace sluice::source {

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
class ChangeStream : public EventStream {
 public:
  /// `owner`, if set, keeps the pool alive. Otherwise the pool must outlive the stream.
  ChangeStream(mongo::ClientPool& pool, StreamOptions options, std::shared_ptr<const void> owner = {});
  ~ChangeStream() override;

  using EventStream::open;
  std::optional<Error> open(const std::optional<Position>& after, Position& at, bool filter_changed) override;
  void read_as(const flow::ReadDetail& reading) override;
  /// The server counts events only.
  void read_at_most(const ReadLimit& limit) override { most_events_ = limit.events; }
  /// Whether the stream should be reopened with another client: the pool's URI has changed, or the present
  /// client's time-out is longer than is needed now.
  bool outdated() const override { return waits_ != patience_.now() || pool_.outdated(client_); }
  void be_patient(bool patient) override { patient_ = patient; }
  std::optional<Error> next(std::unique_ptr<StreamBatch>& batch) override;
  /// Asks the server that the stream is open on.
  mongo::Reply ask(const std::string& database, bson::View command) override {
    return session_.command(database, command);
  }
  bool invalidated() const override { return invalidated_; }

  void close();

 private:
  mongo::Reply command(bson::View command);
  void renew_client();
  void append_aggregate(bson::Builder& out, const std::optional<Position>& after, bool by_time) const;
  std::optional<Error> assemble(StreamBatch& batch, Answer& answer);

  const std::shared_ptr<const void> owner_;  ///< first, so that it is released last
  mongo::ClientPool& pool_;
  mongo::ClientPool::Client client_;
  flow::AwaitPolicy patience_;
  flow::Duration waits_;  ///< how long client_ waits for an answer
  StreamOptions options_;
  mongo::PinnedSession session_;
  std::int64_t cursor_ = 0;
  std::size_t most_events_ = SIZE_MAX;
  bool patient_ = true;
  bool invalidated_ = false;
  Abilities abilities_;  ///< of the server that the stream is open on
  EventAssembler assembler_;
};

}  // namespace sluice::source
