#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mongo/pinned.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::mongo {

/// Error codes for a cluster time whose history the server no longer has. It keeps history for
/// minSnapshotHistoryWindowInSeconds, five minutes by default.
inline constexpr std::int32_t snapshot_too_old = 239;
inline constexpr std::int32_t snapshot_unavailable = 246;

/// Reads documents as they were at one cluster time: a find or an aggregate with read concern "snapshot".
/// Cursors at the same cluster time see the same state of all collections. Used by one thread; blocks.
class SnapshotCursor {
 public:
  explicit SnapshotCursor(ClientPool& pool) : client_(pool.acquire()), session_(client_.get()) {}
  ~SnapshotCursor() { close(); }
  SnapshotCursor(const SnapshotCursor&) = delete;
  SnapshotCursor& operator=(const SnapshotCursor&) = delete;

  /// `command` is an unfinished find or aggregate without read concern. `at` is a cluster time, or 0 for the
  /// newest majority-committed state.
  std::optional<Error> open(const std::string& database, const std::string& collection,
                            bson::Builder& command, std::uint64_t at);

  /// The cluster time of the snapshot. Valid after open().
  std::uint64_t at() const { return at_; }

  /// The next documents, valid until the next call. Empty at the end.
  std::optional<Error> next(std::vector<bson::View>& documents);

  /// Hands over the reply that holds the documents of the last next(). They stay valid for as long as the
  /// reply lives.
  std::unique_ptr<Reply> release() { return std::move(reply_); }

  void close();

 private:
  void take(Reply reply, const char* batch);

  ClientPool::Client client_;
  PinnedSession session_;
  std::string database_;
  std::string collection_;
  std::uint64_t at_ = 0;
  std::int64_t cursor_ = 0;
  std::unique_ptr<Reply> reply_;
  const char* batch_ = nullptr;  ///< name of the batch in reply_ that next() has not returned yet
};

}  // namespace sluice::mongo
