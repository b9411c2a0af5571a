#pragma once

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "flow/backoff.hpp"
#include "flow/time.hpp"

namespace sluice::flow {

/// How far a snapshot of several collections has come.
struct SnapshotMark {
  std::size_t collection = 0;            ///< index of the collection that is being read
  std::vector<std::uint8_t> after = {};  ///< the last id read, as BSON {v: id}; empty at a collection's start
  std::int64_t documents = 0;            ///< documents published so far
  bool done = false;

  friend bool operator==(const SnapshotMark&, const SnapshotMark&) = default;
};

/// The course of one snapshot on one shard: decides which chunk may be read next and how far the progress may
/// be stored. Chunks may be done in any order; the stored progress ends before the first chunk that is not
/// done. A step that fails is retried after growing pauses, and nothing is lost.
///
/// Does no I/O. Not thread-safe.
class SnapshotCourse {
 public:
  struct Limits {
    std::size_t chunks = 16;  ///< chunks read and not yet done
    Backoff::Limits pauses{std::chrono::milliseconds(100), std::chrono::seconds(30)};
  };

  SnapshotCourse(SnapshotMark stored, Limits limits, std::uint64_t seed)
      : limits_(limits),
        read_(stored),
        reached_(stored),
        stored_(std::move(stored)),
        read_pauses_(limits.pauses, seed),
        store_pauses_(limits.pauses, seed + 1) {}

  /// Whether the next chunk, which begins behind read(), may be read now.
  bool may_read(Time now) const { return !read_.done && chunks_.size() < limits_.chunks && now >= read_at_; }
  const SnapshotMark& read() const { return read_; }

  /// The next chunk was read; it ends at `behind`. `number` identifies the chunk, also across snapshots.
  void handed_out(std::uint64_t number, SnapshotMark behind) {
    assert(!read_.done);
    read_ = behind;
    chunks_.push_back({number, std::move(behind), false});
    read_failed_ = false;
    read_pauses_.reset();
  }

  /// Reading the chunk failed. It may be read again after the returned pause.
  Duration read_failed(Time now) {
    const Duration pause = read_pauses_.next();
    read_failed_ = true;
    read_at_ = now + pause;
    return pause;
  }

  /// Every event of the chunk is resolved. Chunks of other snapshots are ignored.
  void done(std::uint64_t number) {
    const auto chunk = std::ranges::find(chunks_, number, &Chunk::number);
    if (chunk == chunks_.end()) return;
    chunk->done = true;
    while (!chunks_.empty() && chunks_.front().done) {
      reached_ = std::move(chunks_.front().behind);
      chunks_.pop_front();
    }
  }

  /// The progress to store now, if any. Returned until stored() is called with it.
  std::optional<SnapshotMark> to_store(Time now) const {
    if (reached_ == stored_ || now < store_at_) return std::nullopt;
    return reached_;
  }
  void stored(const SnapshotMark& mark) {
    stored_ = mark;
    store_pauses_.reset();
  }
  Duration store_failed(Time now) {
    const Duration pause = store_pauses_.next();
    store_at_ = now + pause;
    return pause;
  }

  /// The whole snapshot is published, and this is stored.
  bool finished() const { return stored_.done; }

  /// The next chunk could not be read, and all chunks before it are done and stored. So another snapshot may
  /// go first, and nothing is published twice.
  bool may_give_way() const { return read_failed_ && chunks_.empty() && reached_ == stored_; }

 private:
  struct Chunk {
    std::uint64_t number;
    SnapshotMark behind;
    bool done;
  };

  Limits limits_;
  SnapshotMark read_;     ///< the end of the last chunk read
  SnapshotMark reached_;  ///< the end of the last chunk before which all are done
  SnapshotMark stored_;
  std::deque<Chunk> chunks_;
  Backoff read_pauses_;
  Backoff store_pauses_;
  bool read_failed_ = false;
  Time read_at_{};
  Time store_at_{};
};

}  // namespace sluice::flow
