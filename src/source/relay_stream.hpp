#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/relay_log.hpp"
#include "flow/gathering.hpp"
#include "flow/relay_cursor.hpp"
#include "flow/time.hpp"
#include "mongo/client.hpp"
#include "sluice/bson_builder.hpp"
#include "source/event_stream.hpp"

namespace sluice::source {

struct RelayOptions {
  std::string database;  ///< the watched one
  int partition = 0;
  std::string version;  ///< of the filter that the events must have been read with
  int batch = 1000;     ///< events in one batch, at most
  int max_await_ms = 500;
  int linger_ms = 0;  ///< how long a batch may wait for more events while there are many
  /// Told with each answer how many of the partition's records have not been read.
  std::function<void(std::uint64_t)> unread = {};
};

/// The events of one partition of a relay's log. Positions are resume tokens, as those of a change stream, so
/// a stream may change from one to the other. ErrorKind::lost: the log no longer holds what follows the
/// position. ErrorKind::unavailable: the log cannot be read, or has not been written yet.
class RelayStream : public EventStream {
 public:
  RelayStream(mongo::ClientPool& pool, std::shared_ptr<RelayLog> log, RelayOptions options);

  using EventStream::open;
  std::optional<Error> open(const std::optional<Position>& after, Position& at, bool filter_changed) override;
  void read_as(const flow::ReadDetail&) override {}  // the writer decides that
  bool outdated() const override { return false; }
  void read_at_most(const ReadLimit& limit) override { limit_ = limit; }
  void be_patient(bool patient) override { patient_ = patient; }
  std::optional<Error> next(std::unique_ptr<StreamBatch>& batch) override;
  mongo::Reply ask(const std::string& database, bson::View command) override;
  bool invalidated() const override { return invalidated_; }

 private:
  class Gathered;
  std::optional<Error> gather(Gathered& gathered);
  std::optional<Error> take_records(Gathered& gathered);
  std::optional<Error> find(const Position& after, const RelaySpan& span, std::uint64_t& place);
  std::optional<Error> find_present(Position& at);
  std::optional<Error> take(const RelayRecord& record, Gathered& gathered);
  std::optional<Error> has_changed(const RelaySpan& span, bool& changed);
  std::optional<Error> not_found(const RelaySpan& span);
  Error lost() const;
  Error gap();
  Error other_version(const RelayHeader& header) const;

  mongo::ClientPool& pool_;
  const std::shared_ptr<RelayLog> log_;
  const RelayOptions options_;
  std::unique_ptr<RelayReader> reader_;
  flow::RelayCursor cursor_;
  std::string gap_at_;  ///< the position behind which records were missing last
  flow::Gathering gathering_;
  Position at_;  ///< that of the newest record
  flow::Time read_at_{};
  std::string parts_;  ///< of an event that has not come whole
  std::vector<RelayRecord> records_;
  std::size_t taken_ = 0;                    ///< of records_; the others belong to the next batch
  std::optional<flow::Time> unbegun_since_;  ///< the log was seen without its beginning
  bool changed_in_search_ = false;           ///< at the last try to find the position
  bool patient_ = true;
  ReadLimit limit_;
  bool invalidated_ = false;
};

/// What a record holds that is no event: a position that the change stream has reached.
struct RelayHeartbeat {
  bool gap = false;       ///< what lies before it was never written
  bool of_event = false;  ///< the token is an event's own

  /// Whether a record is one.
  static bool is(bson::View body) { return !body.at("operationType"); }
  static RelayHeartbeat read(bson::View body);
  bson::View make(const Position& at, bson::Builder& out) const;
};

}  // namespace sluice::source
