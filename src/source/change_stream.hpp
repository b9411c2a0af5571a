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

/// A change stream on a database, read a whole batch at a time: libmongoc's own change stream hands out
/// single documents that die with the next one, and would have each of them copied. Blocks; used by one
/// thread. Holds one client of the pool from one open() to the next; after a wait that was too short for the
/// server, one apart that waits longer, until an answer has come.
class ChangeStream : public EventStream {
 public:
  ChangeStream(mongo::ClientPool& pool, StreamOptions options);
  ~ChangeStream() override;

  using EventStream::open;
  std::optional<Error> open(const std::optional<Position>& after, Position& at, bool filter_changed) override;
  void read_as(const flow::ReadDetail& reading) override;
  /// The pool's URI has changed since, or the stream waits longer for answers than it has to: to open again
  /// moves it to the client that it should have.
  bool outdated() const override { return waits_ != patience_.now() || pool_.outdated(client_); }
  void be_patient(bool patient) override { patient_ = patient; }
  std::optional<Error> next(std::unique_ptr<StreamBatch>& batch) override;
  /// To the server that the stream is open on.
  mongo::Reply ask(const std::string& database, bson::View command) override {
    return session_.command(database, command);
  }
  bool invalidated() const override { return invalidated_; }

  /// Replaces the filter that the next open() uses.
  void filter_by(StreamFilter filter) { options_.filter = std::move(filter); }
  const StreamOptions& options() const { return options_; }

  void close();

 private:
  mongo::Reply command(bson::View command);
  void renew_client();
  void append_aggregate(bson::Builder& out, const std::optional<Position>& after, bool by_time) const;
  std::optional<Error> assemble(StreamBatch& batch, Answer& answer);

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
