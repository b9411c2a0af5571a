#pragma once

#include <memory>
#include <string>
#include <vector>

#include "source/feed/feed.hpp"
#include "source/feed/feed_taker.hpp"

namespace sluice::source {

/// A reader at a feed on behalf of another instance. It takes what the readers here take, but the documents
/// of other shards. It never reads a cursor of its own: when the feed has ended for it, the other instance
/// reads by itself. Used by one thread.
class FeedTap {
 public:
  /// `identity`: that of the feed's filter; see FeedFilter::identity().
  FeedTap(std::shared_ptr<Feed> feed, std::string identity, int shard_count, std::vector<int> shards);
  ~FeedTap() { feed_->leave(member_); }
  FeedTap(const FeedTap&) = delete;
  FeedTap& operator=(const FeedTap&) = delete;

  /// Asks to join at this position. `caught_up`: the reader has seen all there was a moment ago.
  void ask(const Position& after, bool caught_up);
  /// Waits for the answer, as long as the feed may wait for the server, or up to `most`, but not at all if
  /// the feed hangs. Returns why it has not joined, or "".
  std::string answer() { return answer(feed_->longest_silence()); }
  std::string answer(flow::Duration most);

  /// Up to `events` events, or as many as one answer of the feed has for this reader; none if none came in
  /// time. Null once the feed has ended for this reader, or hangs.
  std::unique_ptr<StreamBatch> next(std::size_t events, flow::Duration wait);
  /// Why next() returned null.
  std::string why_ended() const;

 private:
  const std::shared_ptr<Feed> feed_;
  const std::shared_ptr<FeedMember> member_;
  FeedProgress progress_;
  FeedTaker taker_;
};

}  // namespace sluice::source
