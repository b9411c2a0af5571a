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
  std::vector<std::uint8_t> after = {};  ///< the last id, as BSON {v: id}; empty at a collection's start
  std::int64_t documents = 0;            ///< published so far
  bool done = false;

  friend bool operator==(const SnapshotMark&, const SnapshotMark&) = default;
};

/// One snapshot on one shard, from its first chunk to the stored end: which chunk may be read next, and how
/// far the progress may be stored. Chunks are done in any order; what is stored is what is done without a
/// gap. A step that fails is tried again after growing pauses, and loses nothing.
///
/// Without I/O; for one thread at a time.
class SnapshotCourse {
 public:
  struct Limits {
    std::size_t chunks = 16;  ///< under way at once
    Backoff::Limits pauses{std::chrono::milliseconds(100), std::chrono::seconds(30)};
  };

  SnapshotCourse(SnapshotMark stored, Limits limits, std::uint64_t seed)
      : limits_(limits),
        read_(stored),
        reached_(stored),
        stored_(std::move(stored)),
        read_pauses_(limits.pauses, seed),
        store_pauses_(limits.pauses, seed + 1) {}

  /// Whether the next chunk, the one behind read(), may be read now.
  bool may_read(Time now) const { return !read_.done && chunks_.size() < limits_.chunks && now >= read_at_; }
  const SnapshotMark& read() const { return read_; }

  /// The chunk was read, and reaches to `behind`. `number` differs from chunk to chunk, also across
  /// snapshots.
  void handed_out(std::uint64_t number, SnapshotMark behind) {
    assert(!read_.done);
    read_ = behind;
    chunks_.push_back({number, std::move(behind), false});
    read_failed_ = false;
    read_pauses_.reset();
  }

  /// The same chunk is to be read again, after the pause that is returned.
  Duration read_failed(Time now) {
    const Duration pause = read_pauses_.next();
    read_failed_ = true;
    read_at_ = now + pause;
    return pause;
  }

  /// Every event of the chunk has its end. Chunks of another snapshot are not known here, and change nothing.
  void done(std::uint64_t number) {
    const auto chunk = std::ranges::find(chunks_, number, &Chunk::number);
    if (chunk == chunks_.end()) return;
    chunk->done = true;
    while (!chunks_.empty() && chunks_.front().done) {
      reached_ = std::move(chunks_.front().behind);
      chunks_.pop_front();
    }
  }

  /// What is to be stored now, if anything. It is asked for until stored() is told of it.
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

  /// The whole snapshot is published, and that is stored.
  bool finished() const { return stored_.done; }

  /// The next chunk could not be read, and all before it is done and stored: another snapshot may go first
  /// without anything being published twice.
  bool may_give_way() const { return read_failed_ && chunks_.empty() && reached_ == stored_; }

 private:
  struct Chunk {
    std::uint64_t number;
    SnapshotMark behind;
    bool done;
  };

  Limits limits_;
  SnapshotMark read_;     ///< as far as chunks were handed out
  SnapshotMark reached_;  ///< as far as they are done without a gap
  SnapshotMark stored_;
  std::deque<Chunk> chunks_;
  Backoff read_pauses_;
  Backoff store_pauses_;
  bool read_failed_ = false;
  Time read_at_{};
  Time store_at_{};
};

}  // namespace sluice::flow
