#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mongo/pinned.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::mongo {

/// The server keeps the past for a while only (minSnapshotHistoryWindowInSeconds, five minutes by default).
inline constexpr std::int32_t snapshot_too_old = 239;
inline constexpr std::int32_t snapshot_unavailable = 246;

/// Documents as they stood at one moment: a find or an aggregate with read concern "snapshot". Several
/// cursors at one moment see one state of all collections. Used by one thread; blocks.
class SnapshotCursor {
 public:
  explicit SnapshotCursor(ClientPool& pool) : client_(pool.acquire()), session_(client_.get()) {}
  ~SnapshotCursor() { close(); }
  SnapshotCursor(const SnapshotCursor&) = delete;
  SnapshotCursor& operator=(const SnapshotCursor&) = delete;

  /// `command` is an unfinished find or aggregate without read concern. `at` is a cluster time, or 0 for the
  /// newest state that a majority has.
  std::optional<Error> open(const std::string& database, const std::string& collection,
                            bson::Builder& command, std::uint64_t at);

  /// The cluster time that is read at. Valid after open().
  std::uint64_t at() const { return at_; }

  /// The next documents, valid until the next call; none at the end.
  std::optional<Error> next(std::vector<bson::View>& documents);

  /// The answer that holds the documents of the last next(), for those who need them longer: they stay valid
  /// as long as it does, for it is not moved.
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
  const char* batch_ = nullptr;  ///< the name of the batch in reply_ that nobody has seen yet
};

}  // namespace sluice::mongo
