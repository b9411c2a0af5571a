#pragma once

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mongo/snapshot_cursor.hpp"

namespace sluice::mongo {

/// A SnapshotCursor that fetches the next answer on another thread while the caller works on the current one.
/// At most two answers are in memory. Used by one thread; next() blocks.
class ReadAhead {
 public:
  /// Starts reading at once. `command` and `at` are as for SnapshotCursor::open().
  ReadAhead(ClientPool& pool, std::string database, std::string collection, bson::Builder command,
            std::uint64_t at);
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// The next documents, valid until the next call. Empty at the end.
  std::optional<Error> next(std::vector<bson::View>& documents);

 private:
  struct Answer {
    std::vector<bson::View> documents;
    std::unique_ptr<Reply> holder;  ///< owns the documents
    std::optional<Error> error;
  };

  Answer read();

  SnapshotCursor cursor_;
  std::string database_;
  std::string collection_;
  std::optional<bson::Builder> command_;  ///< absent once it was sent
  std::uint64_t at_;
  Answer last_;
  /// Declared last, because its destructor waits for the thread that uses the other members.
  std::future<Answer> coming_;
};

}  // namespace sluice::mongo
