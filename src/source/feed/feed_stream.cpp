#include "source/feed/feed_stream.hpp"

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
/// An answer with more bytes may have ended because of its size, and not because there was no more to read.
constexpr std::size_t large_answer = 8 << 20;
/// The most collections that are remembered.
constexpr std::size_t most_known = 10'000;

Position position_of(bson::View document) {
  ChangeEvent event;
  parse_event(document, event);
  return Position::of(event.token, event.cluster_time, true);
}

std::string_view place_of(bson::View document) {
  ChangeEvent event;
  parse_event(document, event);
  return event.token_data;
}

bool is_invalidate(bson::View event) {
  return event.at("operationType").text() == "invalidate";
}

}  // namespace

/// The events that a reader takes out of one or more shared batches.
class FeedStream::Taken {
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
    batch->size = empty() ? 0 : bytes_->size();
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
struct FeedStream::Piece {
  std::vector<bson::View> events;
  std::size_t bytes = 0;   ///< of these
  std::size_t of_all = 0;  ///< bytes that all readers' events have in this piece of the batch
  bool is_last = true;     ///< nothing behind it is for this reader
};

/// A shared batch of which pieces are in use.
struct FeedStream::InUse {
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

FeedStream::FeedStream(std::shared_ptr<Feed> feed, FeedNeeds needs, MakeStream make_stream, Ask ask,
                       Options options)
    : feed_(std::move(feed)),
      member_(feed_->announce(std::move(needs), std::move(make_stream))),
      ask_(std::move(ask)),
      options_(options),
      usual_{Detail::whole, options.cursor_batch},
      reading_(usual_) {}

FeedStream::~FeedStream() {
  feed_->leave(member_);
}

std::optional<Error> FeedStream::open(const std::optional<Position>& after, Position& at,
                                      bool filter_changed) {
  feed_->read_apart(*member_);
  invalidated_ = false;
  return open_own(after, at, filter_changed);
}

/// A position that the feed has read may be at an event that only its filter lets pass, so the stream is
/// opened by time there. A stored position may be one.
std::optional<Error> FeedStream::open_own(const std::optional<Position>& after, Position& at,
                                          bool filter_changed) {
  if (!own_) own_ = member_->make_stream(member_->needs.filter());
  own_->read_as(reading_);
  own_->read_at_most(limit_);
  own_->be_patient(patient_);
  const bool by_time = filter_changed || (at_of_feed_ && after && after->data() != invalidate_);
  Position opened;
  member_->has_cursor = false;
  if (auto error = own_->open(after, opened, by_time)) return error;
  member_->has_cursor = true;
  at_ = after && opened.data() <= after->data() ? *after : opened;
  at = at_;
  caught_up_ = false;
  return std::nullopt;
}

void FeedStream::read_as(const flow::ReadDetail& reading) {
  reading_ = reading;
  if (own_) own_->read_as(reading);
}

void FeedStream::read_at_most(const ReadLimit& limit) {
  limit_ = limit;
  if (own_) own_->read_at_most(limit);
}

void FeedStream::be_patient(bool patient) {
  patient_ = patient;
  if (own_) own_->be_patient(patient);
}

mongo::Reply FeedStream::ask(const std::string& database, bson::View command) {
  return own_ ? own_->ask(database, command) : ask_(database, command);
}

std::optional<Error> FeedStream::next(std::unique_ptr<StreamBatch>& batch) {
  if (own_ && join()) {
    own_.reset();
    member_->has_cursor = false;
  }
  return own_ ? next_of_own(batch) : next_of_feed(batch);
}

/// Whether the feed has admitted this reader. A stream that reads less of each event, to get past one that is
/// too large, reads by itself.
bool FeedStream::join() {
  if (!(reading_ == usual_)) {
    if (feed_->standing(*member_) != FeedMember::Standing::apart) feed_->read_apart(*member_);
    return false;
  }
  if (invalidated_ || at_.data() == invalidate_) return false;
  feed_->ask(*member_, at_, caught_up_);
  const auto standing =
      std::exchange(first_, false) ? feed_->wait_while_gathering(*member_) : feed_->wait_for_answer(*member_);
  // While it waits for the server, it would take nothing from the feed.
  own_->be_patient(patient_ && standing != FeedMember::Standing::asking);
  return standing == FeedMember::Standing::joined;
}

std::optional<Error> FeedStream::next_of_own(std::unique_ptr<StreamBatch>& batch) {
  if (auto error = own_->next(batch)) {
    member_->has_cursor = false;  // the reader opens it again
    return error;
  }
  invalidated_ = own_->invalidated();
  if (!batch->resume_token && batch->events.empty()) return std::nullopt;  // in the midst of an event
  if (invalidated_) invalidate_ = end_of(*batch).data();
  const std::size_t asked = std::min(static_cast<std::size_t>(reading_.batch), limit_.events);
  caught_up_ = batch->events.size() < asked && batch->size < large_answer;
  time_ = batch->operation_time;
  Position end = end_of(*batch);
  if (end.data() > at_.data()) {
    drop_known(*batch);  // opened by time, it begins a little before
    at_ = std::move(end);
    at_of_feed_ = false;
    return std::nullopt;
  }
  batch = nothing_new();
  return std::nullopt;
}

/// Removes the events that were returned before.
void FeedStream::drop_known(StreamBatch& batch) const {
  const auto first_new = std::ranges::find_if(
      batch.events, [&](const bson::View event) { return place_of(event) > at_.data(); });
  batch.events.erase(batch.events.begin(), first_new);
}

/// Takes what the feed has for this reader. While the feed's answers are full, so more follow at once, it
/// collects as many events as an answer of the reader's own would have: larger batches make fewer writes.
std::optional<Error> FeedStream::next_of_feed(std::unique_ptr<StreamBatch>& batch) {
  FeedQueue& queue = member_->queue;
  Taken taken;
  flow::Time until = flow::Clock::now() + milliseconds(patient_ ? options_.max_await_ms : 1);
  for (flow::Time now = flow::Clock::now();; now = flow::Clock::now()) {
    const bool ended = queue.has_ended();
    if (const Shared shared = next_shared()) {
      const std::int64_t first = shared->filter->first_number(member_->needs);
      if (!taken.empty() && first != first_number_) break;  // it numbers subscriptions in another way
      first_number_ = first;
      batch = take(shared, taken);
      if (batch) return std::nullopt;
      if (invalidated_ || is_enough(taken) || now >= until) break;
      if (taken.empty()) continue;
      if (!shared->full) break;
      until = std::min(until, now + longest_gap);
      continue;
    }
    if (ended && !taken.empty()) break;
    if (ended) return read_apart(batch);
    if (now >= until) break;
    queue.wait(until - now);
  }
  batch = finish(taken);
  return std::nullopt;
}

/// How many bytes may still be taken.
std::size_t FeedStream::room(const Taken& taken) const {
  return limit_.bytes - std::min(limit_.bytes, taken.bytes());
}

bool FeedStream::is_enough(const Taken& taken) const {
  return taken.events() >= static_cast<std::size_t>(usual_.batch) ||
         taken.bytes() >= std::min(most_bytes_taken, limit_.bytes) || taken.is_partial();
}

/// The next shared batch with anything new; null if there is none at present. It stays in the queue until all
/// of it is taken.
FeedStream::Shared FeedStream::next_shared() {
  while (true) {
    Shared shared = member_->queue.front();
    if (!shared || shared->end.data() > at_.data()) return shared;
    member_->queue.took(shared, true);
    feed_->made_room();
  }
}

/// Reads on by itself where the feed has ended for it.
std::optional<Error> FeedStream::read_apart(std::unique_ptr<StreamBatch>& batch) {
  if (auto error = feed_->take_detach_error(*member_)) return error;
  Position at;
  if (auto error = open_own(at_, at, true)) return error;
  batch = nothing_new();
  return std::nullopt;
}

/// The events of a shared batch that are for this reader and that it has not seen, up to a number of bytes,
/// but one at least.
FeedStream::Piece FeedStream::next_piece(const FeedBatch& shared, std::size_t most) {
  const auto& events = shared.answer.events;
  // A part of them may have been taken before. The cursor may also have been opened again, and so begin a
  // little before.
  const auto first =
      std::ranges::upper_bound(shared.marks, std::string_view(at_.data()), {}, &EventMark::place);
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
std::shared_ptr<const void> FeedStream::kept(const Shared& shared) {
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
std::unique_ptr<StreamBatch> FeedStream::take(const Shared& shared, Taken& taken) {
  if (!taken.empty() && room(taken) == 0) return nullptr;
  Piece piece = next_piece(*shared, room(taken));
  const StreamBatch& answer = shared->answer;
  if (piece.is_last) {
    invalidated_ = !answer.events.empty() && shared->marks.back().place > at_.data() &&
                   is_invalidate(answer.events.back());
    if (invalidated_) invalidate_ = shared->end.data();
    at_ = shared->end;
  } else {
    at_ = position_of(piece.events.back());
  }
  at_of_feed_ = true;
  time_ = answer.operation_time;
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
    batch->token_of_event = at_.at_event;
    batch->token_time = at_.cluster_time;
  }
  batch->operation_time = time_;
  batch->first_number = first_number_;
  batch->owner = std::move(owner);
  batch->size = piece.bytes;
  batch->shared = true;
  return batch;
}

std::unique_ptr<StreamBatch> FeedStream::finish(Taken& taken) const {
  auto batch = taken.batch(at_);
  batch->operation_time = time_;
  batch->first_number = first_number_;
  return batch;
}

bool FeedStream::is_mine(const FeedBatch& batch, const EventMark& mark) {
  if (!mark.of_document) return true;
  const FeedNeeds& needs = member_->needs;
  const auto count = static_cast<std::uint64_t>(needs.shard_count);
  if (count > 1 && mark.hash % count != static_cast<std::uint64_t>(needs.shard)) return false;
  return !batch.filter->is_mixed() || reads(mark.collection);
}

bool FeedStream::reads(std::string_view collection) {
  const auto known = reads_.find(collection);
  if (known != reads_.end()) return known->second;
  if (reads_.size() >= most_known) reads_.clear();
  const bool read = std::ranges::any_of(member_->needs.subscriptions,
                                        [&](const auto& one) { return one.subscription.reads(collection); });
  reads_.emplace(collection, read);
  return read;
}

/// A batch without events, at the present position.
std::unique_ptr<StreamBatch> FeedStream::nothing_new() const {
  Taken nothing;
  return finish(nothing);
}

}  // namespace sluice::source
