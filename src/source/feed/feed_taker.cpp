#include "source/feed/feed_taker.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include "sluice/event.hpp"

namespace sluice::source {

namespace {

using std::chrono::milliseconds;

/// A reader that takes less than this part of an answer's bytes copies its events, so that it does not keep
/// the others' in memory.
constexpr std::size_t least_part_shared = 4;
/// Copies in one batch, beyond which no more are collected.
constexpr std::size_t most_bytes_taken = 4 << 20;
/// How long it waits for the feed's next answer before it returns what it has collected.
constexpr auto longest_gap = milliseconds(500);
/// The most collections that are remembered.
constexpr std::size_t most_known = 10'000;

Position position_of(bson::View document) {
  ChangeEvent event;
  parse_event(document, event);
  return Position::of(event.token, event.cluster_time, true);
}

}  // namespace

/// The events that a reader takes out of one or more shared batches.
class FeedTaker::Taken {
 public:
  bool empty() const { return events_ == 0; }
  std::size_t events() const { return events_; }
  std::size_t bytes() const { return bytes_->size(); }

  /// `partly`: there is more, for which there was no room.
  void copy(const std::vector<bson::View>& events, bool partly) {
    for (const bson::View event : events) append(event);
    events_ += events.size();
    is_partial_ = partly;
  }
  bool is_partial() const { return is_partial_; }

  /// A batch of the copies, at this position.
  std::unique_ptr<StreamBatch> batch(const Position& at) {
    append(at.view());
    auto batch = std::make_unique<StreamBatch>();
    for (std::size_t i = 0; i < events_; ++i) batch->events.push_back(document(i));
    batch->resume_token = document(events_);
    batch->token_of_event = at.at_event;
    batch->token_time = at.cluster_time;
    batch->size = bytes_->size();
    batch->owner = bytes_;
    return batch;
  }

 private:
  void append(bson::View document) {
    bytes_->insert(bytes_->end(), document.data(), document.data() + document.size());
    ends_.push_back(bytes_->size());
  }
  /// Not before all are appended: that moves the bytes.
  bson::View document(std::size_t index) const {
    const std::size_t from = index == 0 ? 0 : ends_[index - 1];
    return {bytes_->data() + from, ends_[index] - from};
  }

  std::shared_ptr<std::vector<std::uint8_t>> bytes_ = std::make_shared<std::vector<std::uint8_t>>();
  std::vector<std::size_t> ends_;
  std::size_t events_ = 0;
  bool is_partial_ = false;
};

/// What a reader takes of a shared batch at once.
struct FeedTaker::Piece {
  std::vector<bson::View> events;
  std::size_t bytes = 0;   ///< of these
  std::size_t of_all = 0;  ///< bytes that all readers' events have in this piece of the batch
  bool is_last = true;     ///< nothing behind it is for this reader
};

/// A shared batch of which pieces are in use.
struct FeedTaker::InUse {
  InUse(Shared of, std::shared_ptr<std::atomic<std::int64_t>> all)
      : batch(std::move(of)), bytes(std::move(all)) {
    *bytes += static_cast<std::int64_t>(batch->answer.size);
  }
  ~InUse() { *bytes -= static_cast<std::int64_t>(batch->answer.size); }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;

  const Shared batch;
  const std::shared_ptr<std::atomic<std::int64_t>> bytes;
};

FeedTaker::FeedTaker(std::shared_ptr<Feed> feed, std::shared_ptr<FeedMember> member, int usual_batch,
                     FeedProgress& progress)
    : feed_(std::move(feed)),
      member_(std::move(member)),
      usual_batch_(static_cast<std::size_t>(usual_batch)),
      progress_(progress) {}

/// Takes what the feed has for this reader. While the feed's answers are full, so more follow at once, it
/// collects as many events as an answer of the reader's own would have: larger batches make fewer writes.
std::unique_ptr<StreamBatch> FeedTaker::next(flow::Duration wait) {
  FeedQueue& queue = member_->queue;
  Taken taken;
  flow::Time until = flow::Clock::now() + wait;
  for (flow::Time now = flow::Clock::now();; now = flow::Clock::now()) {
    const bool ended = queue.has_ended();
    if (const Shared shared = next_shared()) {
      const std::int64_t first = shared->filter->first_number(member_->needs);
      if (!taken.empty() && first != first_number_) break;  // it numbers subscriptions in another way
      first_number_ = first;
      if (auto batch = take(shared, taken)) return batch;
      if (progress_.invalidated || is_enough(taken) || now >= until) break;
      if (taken.empty()) continue;
      if (!shared->full) break;
      until = std::min(until, now + longest_gap);
      continue;
    }
    if (ended && !taken.empty()) break;
    if (ended) return nullptr;
    if (now >= until) break;
    queue.wait(until - now);
  }
  return finish(taken);
}

/// How many bytes may still be taken.
std::size_t FeedTaker::room(const Taken& taken) const {
  return limit_.bytes - std::min(limit_.bytes, taken.bytes());
}

bool FeedTaker::is_enough(const Taken& taken) const {
  return taken.events() >= usual_batch_ || taken.bytes() >= std::min(most_bytes_taken, limit_.bytes) ||
         taken.is_partial();
}

/// The next shared batch with anything new; null if there is none at present. It stays in the queue until all
/// of it is taken.
FeedTaker::Shared FeedTaker::next_shared() {
  while (true) {
    Shared shared = member_->queue.front();
    if (!shared || shared->end.data() > progress_.at.data()) return shared;
    member_->queue.took(shared, true);
    feed_->made_room();
  }
}

/// The events of a shared batch that are for this reader and that it has not seen, up to a number of bytes,
/// but one at least.
FeedTaker::Piece FeedTaker::next_piece(const FeedBatch& shared, std::size_t most) {
  const auto& events = shared.answer.events;
  // A part of them may have been taken before. The cursor may also have been opened again, and so begin a
  // little before.
  const auto first =
      std::ranges::upper_bound(shared.marks, std::string_view(progress_.at.data()), {}, &EventMark::place);
  Piece piece;
  for (auto i = static_cast<std::size_t>(first - shared.marks.begin()); i < events.size(); ++i) {
    const std::size_t size = events[i].size();
    if (is_mine(shared, shared.marks[i])) {
      if (!piece.events.empty() && piece.bytes + size > most) {
        piece.is_last = false;
        break;
      }
      piece.events.push_back(events[i]);
      piece.bytes += size;
    }
    piece.of_all += size;
  }
  return piece;
}

/// Keeps a shared batch in memory for a piece of it. Null if this reader keeps too much already.
std::shared_ptr<const void> FeedTaker::kept(const Shared& shared) {
  auto in_use = in_use_.lock();
  if (in_use && in_use->batch == shared) return in_use;
  const auto size = static_cast<std::int64_t>(shared->answer.size);
  const std::int64_t before = *bytes_in_use_;
  if (limit_.shared == 0 || (before > 0 && static_cast<std::size_t>(before + size) > limit_.shared))
    return nullptr;
  in_use = std::make_shared<InUse>(shared, bytes_in_use_);
  in_use_ = in_use;
  return in_use;
}

/// Takes a piece of a shared batch. Returns a batch that shares the answer if the piece is a large part of it
/// and nothing was taken before. Otherwise it copies the events, and returns null.
std::unique_ptr<StreamBatch> FeedTaker::take(const Shared& shared, Taken& taken) {
  if (!taken.empty() && room(taken) == 0) return nullptr;
  Piece piece = next_piece(*shared, room(taken));
  const StreamBatch& answer = shared->answer;
  if (piece.is_last) {
    progress_.invalidated = ends_in_invalidate(answer) && shared->marks.back().place > progress_.at.data();
    if (progress_.invalidated) progress_.invalidate = shared->end.data();
    progress_.at = shared->end;
  } else {
    progress_.at = position_of(piece.events.back());
  }
  progress_.of_feed = true;
  progress_.time = answer.operation_time;
  std::shared_ptr<const void> owner;
  const bool large = !piece.events.empty() && piece.bytes * least_part_shared >= piece.of_all;
  if (taken.empty() && large) owner = kept(shared);
  if (!owner) taken.copy(piece.events, !piece.is_last);
  member_->queue.took(shared, piece.is_last);
  if (piece.is_last) feed_->made_room();
  if (!owner) return nullptr;
  auto batch = std::make_unique<StreamBatch>();
  batch->events = std::move(piece.events);
  if (piece.is_last) {
    batch->resume_token = shared->end.view();
    batch->token_of_event = progress_.at.at_event;
    batch->token_time = progress_.at.cluster_time;
  }
  batch->operation_time = progress_.time;
  batch->first_number = first_number_;
  batch->owner = std::move(owner);
  batch->size = piece.bytes;
  batch->shared = true;
  return batch;
}

std::unique_ptr<StreamBatch> FeedTaker::finish(Taken& taken) const {
  if (taken.empty()) return empty_batch(progress_.at, progress_.time);
  auto batch = taken.batch(progress_.at);
  batch->operation_time = progress_.time;
  batch->first_number = first_number_;
  return batch;
}

bool FeedTaker::is_mine(const FeedBatch& batch, const EventMark& mark) {
  if (!mark.of_document) return true;
  const FeedNeeds& needs = member_->needs;
  const auto count = static_cast<std::uint64_t>(needs.shard_count);
  if (count > 1 && !takes_shard(static_cast<int>(mark.hash % count))) return false;
  return needs.takes_what_others_take() || !batch.filter->is_mixed() || reads(mark.collection);
}

bool FeedTaker::takes_shard(int shard) const {
  const std::vector<int>& shards = member_->needs.shards;
  return shards.size() == 1 ? shards.front() == shard : std::ranges::binary_search(shards, shard);
}

bool FeedTaker::reads(std::string_view collection) {
  const auto known = reads_.find(collection);
  if (known != reads_.end()) return known->second;
  if (reads_.size() >= most_known) reads_.clear();
  const bool read = std::ranges::any_of(member_->needs.subscriptions,
                                        [&](const auto& one) { return one.subscription.reads(collection); });
  reads_.emplace(collection, read);
  return read;
}

}  // namespace sluice::source
