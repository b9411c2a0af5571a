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

/// Remembers which sessions are this pipeline's and which are not. Holds between `limit` and twice as many:
/// each time `limit` sessions have been added, those not looked up since the last time are forgotten. An
/// answer about a session never changes, since this pipeline's sessions are recorded before their first
/// change.
class KnownSessions {
 public:
  explicit KnownSessions(std::size_t limit = 8192) : limit_(limit) {}

  /// Nothing if the session is not remembered.
  std::optional<bool> find(const bson::Uuid& session);
  void put(const bson::Uuid& session, bool ours);
  std::size_t size() const { return recent_.size() + older_.size(); }

 private:
  using Sessions = std::unordered_map<bson::Uuid, bool, bson::UuidHash>;

  std::size_t limit_;
  Sessions recent_;
  Sessions older_;
};

/// Marks the events of a change stream that this pipeline caused: by transactions of its workers in any
/// process, and by its commands (`verify --repair`, `dead retry`, `replay`). An event of a transaction
/// contains the id of its session, and mongo::SessionRecorder has recorded the pipeline's sessions. Used by
/// the reader thread; blocks when a session is met for the first time.
class OwnWrites {
 public:
  OwnWrites(std::string state_database, std::string pipeline)
      : state_database_(std::move(state_database)), pipeline_(std::move(pipeline)) {}

  /// Fills in StreamBatch::own. It queries the server that the stream is open on, which has all records that
  /// were made before the events it sent. On an error the batch is not marked.
  std::optional<Error> mark(source::EventStream& stream, source::StreamBatch& batch);

 private:
  using Sessions = std::unordered_map<bson::Uuid, bool, bson::UuidHash>;

  /// Adds the batch's sessions to `sessions`. Returns those that are not known yet.
  std::vector<bson::Uuid> look_up(const source::StreamBatch& batch, Sessions& sessions);
  std::optional<Error> ask(source::EventStream& stream, std::span<const bson::Uuid> unknown, std::uint64_t at,
                           Sessions& sessions);

  const std::string state_database_;
  const std::string pipeline_;
  KnownSessions known_;
};

}  // namespace sluice::source
