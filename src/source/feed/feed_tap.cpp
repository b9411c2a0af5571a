#include "source/feed/feed_tap.hpp"

#include <utility>

namespace sluice::source {

namespace {

constexpr const char* no_answer = "it waits for MongoDB's answer";
constexpr int usual_batch = 1000;
/// Each answer of the feed is sent on before the next is taken, so it may be kept in memory.
constexpr std::size_t most_kept = std::size_t{64} << 20;

}  // namespace

FeedTap::FeedTap(std::shared_ptr<Feed> feed, std::string identity, int shard_count, std::vector<int> shards)
    : feed_(std::move(feed)),
      member_(feed_->announce(FeedNeeds::of_others(std::move(identity), shard_count, std::move(shards)), {})),
      taker_(feed_, member_, usual_batch, progress_) {
  taker_.read_at_most({.shared = most_kept});
}

void FeedTap::ask(const Position& after, bool caught_up) {
  feed_->read_apart(*member_);
  progress_ = {};
  progress_.at = after;
  progress_.time = after.cluster_time;
  feed_->ask(*member_, after, caught_up);
}

std::string FeedTap::answer(flow::Duration most) {
  if (feed_->is_silent()) return no_answer;
  const auto standing = feed_->wait_for_answer(*member_, most);
  if (standing == FeedMember::Standing::joined) return "";
  if (feed_->follows()) return "it reads through another instance itself";
  return standing == FeedMember::Standing::asking ? "its feed did not answer in time"
                                                  : "its feed is not near this position";
}

std::unique_ptr<StreamBatch> FeedTap::next(std::size_t events, flow::Duration wait) {
  taker_.usual_batch(events);
  auto batch = taker_.next(wait);
  // Otherwise the other instance would believe that nothing happens.
  if (batch && batch->events.empty() && feed_->is_silent()) return nullptr;
  return batch;
}

std::string FeedTap::why_ended() const {
  if (feed_->is_silent()) return no_answer;
  if (feed_->follows()) return "it reads through another instance itself";
  return "its feed goes on without this one, which is slow, or reads other rules or documents now";
}

}  // namespace sluice::source
