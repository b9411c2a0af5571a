#include "source/peer/following_stream.hpp"

#include <algorithm>
#include <utility>

namespace sluice::source {

std::optional<Error> FollowingStream::open(const std::optional<Position>& after, Position& at,
                                           bool filter_changed) {
  invalidated_ = false;
  leave(true);
  if (after) at_ = *after;
  if (auto error = open_own(after, filter_changed)) return error;
  at = at_;
  return std::nullopt;
}

/// Continues with another instance's answers, if one is connected and has what follows the position.
void FollowingStream::follow() {
  PeerConnector::Try result = parts_.connector->poll(parts_.filter.streams());
  if (result.reader) {
    const StreamFilter& filter = parts_.filter.filter();
    result.why_not =
        result.reader->open({parts_.filter.identity(), filter.shard_count, filter.shards, at_, caught_up_});
    if (!result.why_not.empty()) {
      parts_.connector->refused(result.reader->name());
      result.why_not = result.reader->name() + ": " + result.why_not;
    }
  }
  if (!result.why_not.empty()) {
    if (parts_.connector->is_news(result.why_not))
      parts_.say(!result.reader, "reads the change stream by itself for now: " + result.why_not);
    return;
  }
  if (!result.reader) return;
  peer_ = std::move(result.reader);
  own_.reset();
  parts_.connector->is_news("");
  parts_.connector->began(peer_->name());
  *parts_.follows = true;
  parts_.followed(peer_->name());
  parts_.say(false, "reads the change stream through " + peer_->name());
}

void FollowingStream::leave(bool given_up) {
  if (!peer_) return;
  if (given_up) parts_.say(false, "no longer reads the change stream through " + peer_->name());
  peer_.reset();
  parts_.connector->ended(given_up);
  *parts_.follows = false;
  parts_.followed("");
}

std::optional<Error> FollowingStream::open_own(const std::optional<Position>& after, bool filter_changed) {
  caught_up_ = false;
  own_ = parts_.own(parts_.filter.filter());
  own_->read_as(reading_);
  Position opened;
  if (auto error = own_->open(after, opened, filter_changed)) {
    own_.reset();
    return error;
  }
  if (!after) at_ = std::move(opened);
  return std::nullopt;
}

std::optional<Error> FollowingStream::next(std::unique_ptr<StreamBatch>& batch) {
  if (own_ && !invalidated_) follow();
  if (peer_) return next_of_peer(batch);
  if (own_) return next_of_own(batch);
  return Error{ErrorKind::cursor_gone, 0, "the change stream has to be opened again"};
}

std::optional<Error> FollowingStream::next_of_own(std::unique_ptr<StreamBatch>& batch) {
  own_->be_patient(patient_);
  own_->read_at_most(limit_);
  if (auto error = own_->next(batch)) return error;
  invalidated_ = own_->invalidated();
  const bool whole = batch->resume_token || !batch->events.empty();  // not in the midst of an event
  caught_up_ = whole && batch->events.size() < events_asked();
  if (whole) move_to(batch);
  return std::nullopt;
}

std::optional<Error> FollowingStream::next_of_peer(std::unique_ptr<StreamBatch>& batch) {
  const auto wait = std::chrono::milliseconds(patient_ ? parts_.max_await_ms : 1);
  std::string why;
  batch = peer_->next(events_asked(), wait, why);
  if (batch) {
    invalidated_ = ends_in_invalidate(*batch);
    move_to(batch);
    return std::nullopt;
  }
  parts_.say(false, "reads the change stream by itself again: " + peer_->name() + ": " + why);
  leave(false);
  // The other instance's position may be at an event that this filter drops.
  if (auto error = open_own(at_, true)) return error;
  batch = empty_batch(at_, 0);
  return std::nullopt;
}

/// A stream that was opened by time begins a little before its position. A batch that ends there has nothing
/// new.
void FollowingStream::move_to(std::unique_ptr<StreamBatch>& batch) {
  Position end = end_of(*batch);
  if (end.data() > at_.data()) {
    at_ = std::move(end);
  } else {
    batch = empty_batch(at_, batch->operation_time);
  }
}

std::size_t FollowingStream::events_asked() const {
  return std::min(static_cast<std::size_t>(reading_.batch), limit_.events);
}

mongo::Reply FollowingStream::ask(const std::string& database, bson::View command) {
  if (own_) return own_->ask(database, command);
  mongo::Reply reply;
  reply.error = Error{ErrorKind::cursor_gone, 0, "another instance reads the change stream"};
  return reply;
}

}  // namespace sluice::source
