#include "source/feed/feed_stream.hpp"

#include <algorithm>
#include <chrono>

#include "sluice/event.hpp"

namespace sluice::source {

namespace {

using std::chrono::milliseconds;

/// An answer with more bytes may have ended because of its size, and not because there was no more to read.
constexpr std::size_t large_answer = 8 << 20;

std::string_view place_of(bson::View document) {
  ChangeEvent event;
  parse_event(document, event);
  return event.token_data;
}

}  // namespace

FeedStream::FeedStream(std::shared_ptr<Feed> feed, FeedNeeds needs, MakeStream make_stream, Ask ask,
                       Options options)
    : feed_(std::move(feed)),
      member_(feed_->announce(std::move(needs), std::move(make_stream))),
      ask_(std::move(ask)),
      options_(options),
      usual_{Detail::whole, options.cursor_batch},
      reading_(usual_),
      taker_(feed_, member_, options.cursor_batch, progress_) {}

FeedStream::~FeedStream() {
  feed_->leave(member_);
}

std::optional<Error> FeedStream::open(const std::optional<Position>& after, Position& at,
                                      bool filter_changed) {
  feed_->read_apart(*member_);
  progress_.invalidated = false;
  return open_own(after, at, filter_changed);
}

/// A position that the feed has read may be at an event that only its filter lets pass, so the stream is
/// opened by time there. A stored position may be one.
std::optional<Error> FeedStream::open_own(const std::optional<Position>& after, Position& at,
                                          bool filter_changed) {
  if (!own_) own_ = member_->make_stream(member_->needs.filter());
  own_->read_as(reading_);
  own_->read_at_most(taker_.limit());
  own_->be_patient(patient_);
  const bool by_time =
      filter_changed || (progress_.of_feed && after && after->data() != progress_.invalidate);
  Position opened;
  member_->has_cursor = false;
  if (auto error = own_->open(after, opened, by_time)) return error;
  member_->has_cursor = true;
  progress_.at = after && opened.data() <= after->data() ? *after : opened;
  at = progress_.at;
  caught_up_ = false;
  return std::nullopt;
}

void FeedStream::read_as(const flow::ReadDetail& reading) {
  reading_ = reading;
  if (own_) own_->read_as(reading);
}

void FeedStream::read_at_most(const ReadLimit& limit) {
  taker_.read_at_most(limit);
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
  if (own_) return next_of_own(batch);
  batch = taker_.next(milliseconds(patient_ ? options_.max_await_ms : 1));
  return batch ? std::nullopt : read_apart(batch);
}

/// Whether the feed has admitted this reader. A stream that reads less of each event, to get past one that is
/// too large, reads by itself.
bool FeedStream::join() {
  if (!(reading_ == usual_)) {
    if (feed_->standing(*member_) != FeedMember::Standing::apart) feed_->read_apart(*member_);
    return false;
  }
  if (progress_.invalidated || progress_.at.data() == progress_.invalidate) return false;
  feed_->ask(*member_, progress_.at, caught_up_);
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
  progress_.invalidated = own_->invalidated();
  if (!batch->resume_token && batch->events.empty()) return std::nullopt;  // in the midst of an event
  if (progress_.invalidated) progress_.invalidate = end_of(*batch).data();
  const std::size_t asked = std::min(static_cast<std::size_t>(reading_.batch), taker_.limit().events);
  caught_up_ = batch->events.size() < asked && batch->size < large_answer;
  progress_.time = batch->operation_time;
  Position end = end_of(*batch);
  if (end.data() > progress_.at.data()) {
    drop_known(*batch);  // opened by time, it begins a little before
    progress_.at = std::move(end);
    progress_.of_feed = false;
    return std::nullopt;
  }
  batch = empty_batch(progress_.at, progress_.time);
  return std::nullopt;
}

/// Removes the events that were returned before.
void FeedStream::drop_known(StreamBatch& batch) const {
  const auto first_new = std::ranges::find_if(
      batch.events, [&](const bson::View event) { return place_of(event) > progress_.at.data(); });
  batch.events.erase(batch.events.begin(), first_new);
}

/// Reads on by itself where the feed has ended for it.
std::optional<Error> FeedStream::read_apart(std::unique_ptr<StreamBatch>& batch) {
  if (auto error = feed_->take_detach_error(*member_)) return error;
  Position at;
  if (auto error = open_own(progress_.at, at, true)) return error;
  batch = empty_batch(progress_.at, progress_.time);
  return std::nullopt;
}

}  // namespace sluice::source
