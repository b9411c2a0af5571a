#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "bson/uuid.hpp"
#include "mongo/client.hpp"
#include "source/change_stream.hpp"

namespace sluice::source {

/// Which sessions are this pipeline's, as far as that is known. Holds between `limit` and twice as many: when
/// as many have come in as `limit` says, those that were not asked for since are forgotten. What is known of
/// a session never changes, since one of ours is recorded before its first change.
class KnownSessions {
 public:
  explicit KnownSessions(std::size_t limit = 8192) : limit_(limit) {}

  /// Nothing where it is not known.
  std::optional<bool> find(const bson::Uuid& session);
  void put(const bson::Uuid& session, bool ours);
  std::size_t size() const { return recent_.size() + older_.size(); }

 private:
  using Sessions = std::unordered_map<bson::Uuid, bool, bson::UuidHash>;

  std::size_t limit_;
  Sessions recent_;
  Sessions older_;
};

/// Tells which events of a change stream are changes that this pipeline made: the worker's own transactions,
/// whichever process they ran in, and those of its commands (`verify --repair`, `dead retry`, `replay`). An
/// event of a transaction holds the id of its session, and mongo::SessionRecorder has recorded ours. Used by
/// the reader's thread; blocks where a session is met for the first time.
class OwnWrites {
 public:
  OwnWrites(std::string state_database, std::string pipeline)
      : state_database_(std::move(state_database)), pipeline_(std::move(pipeline)) {}

  /// Fills in StreamBatch::own. Asks the server that the stream is open on, which has at least as much as the
  /// events that it sent. On an error the batch is not marked.
  std::optional<Error> mark(source::EventStream& stream, source::StreamBatch& batch);

 private:
  using Sessions = std::unordered_map<bson::Uuid, bool, bson::UuidHash>;

  /// Puts in the sessions of the batch; those that it gives are not known yet.
  std::vector<bson::Uuid> look_up(const source::StreamBatch& batch, Sessions& sessions);
  std::optional<Error> ask(source::EventStream& stream, std::span<const bson::Uuid> unknown, std::uint64_t at,
                           Sessions& sessions);

  const std::string state_database_;
  const std::string pipeline_;
  KnownSessions known_;
};

}  // namespace sluice::source
