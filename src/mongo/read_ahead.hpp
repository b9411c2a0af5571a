#pragma once

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mongo/snapshot_cursor.hpp"

namespace sluice::mongo {

/// A SnapshotCursor whose next answer is on its way while the caller works on the last one. Two answers are
/// in memory at most. Used by one thread; next() blocks.
class ReadAhead {
 public:
  /// Begins to read at once. `command` is that of SnapshotCursor::open().
  ReadAhead(ClientPool& pool, std::string database, std::string collection, bson::Builder command,
            std::uint64_t at);
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// The next documents, valid until the next call; none at the end.
  std::optional<Error> next(std::vector<bson::View>& documents);

 private:
  struct Answer {
    std::vector<bson::View> documents;
    std::unique_ptr<Reply> holder;  ///< of the documents
    std::optional<Error> error;
  };

  Answer read();

  SnapshotCursor cursor_;
  std::string database_;
  std::string collection_;
  std::optional<bson::Builder> command_;  ///< until it was sent
  std::uint64_t at_;
  Answer last_;
  std::future<Answer> coming_;  ///< last: whoever is still reading uses the others
};

}  // namespace sluice::mongo
