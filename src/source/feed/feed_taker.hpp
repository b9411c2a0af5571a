#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "source/event_stream.hpp"
#include "source/feed/feed.hpp"

namespace sluice::source {

/// How far a reader has come.
struct FeedProgress {
  Position at;  ///< everything up to here has been returned
  /// The feed may have read up to `at`, and not the reader's own cursor: the event there may be one that only
  /// the feed's filter lets pass.
  bool of_feed = true;
  std::uint64_t time = 0;  ///< the server's clock in the last answer
  bool invalidated = false;
  /// The `_data` of the token of the last invalidate event: the one event behind which a stream is not opened
  /// by time, since the event would come again.
  std::string invalidate;
};

/// Takes out of a feed's answers what is for one reader, in batches as a cursor of its own would have them.
/// Used by the reader's thread.
class FeedTaker {
 public:
  FeedTaker(std::shared_ptr<Feed> feed, std::shared_ptr<FeedMember> member, int usual_batch,
            FeedProgress& progress);

  void read_at_most(const ReadLimit& limit) { limit_ = limit; }
  const ReadLimit& limit() const { return limit_; }
  /// How many events it collects while the feed's answers are full.
  void usual_batch(std::size_t events) { usual_batch_ = events; }

  /// The next batch, empty if nothing came in time. Null if the feed has ended for this reader, and all that
  /// was in its queue is taken.
  std::unique_ptr<StreamBatch> next(flow::Duration wait);

 private:
  using Shared = std::shared_ptr<const FeedBatch>;
  class Taken;
  struct Piece;
  struct InUse;

  Shared next_shared();
  std::unique_ptr<StreamBatch> take(const Shared& shared, Taken& taken);
  Piece next_piece(const FeedBatch& shared, std::size_t most);
  std::shared_ptr<const void> kept(const Shared& shared);
  std::size_t room(const Taken& taken) const;
  bool is_enough(const Taken& taken) const;
  std::unique_ptr<StreamBatch> finish(Taken& taken) const;
  bool is_mine(const FeedBatch& batch, const EventMark& mark);
  bool takes_shard(int shard) const;
  bool reads(std::string_view collection);

  const std::shared_ptr<Feed> feed_;
  const std::shared_ptr<FeedMember> member_;
  std::size_t usual_batch_;
  FeedProgress& progress_;
  std::int64_t first_number_ = 0;  ///< of the shared batch that was taken last
  ReadLimit limit_;
  std::weak_ptr<const InUse> in_use_;  ///< the shared batch of which a piece was returned last
  /// Bytes of shared batches of which pieces are in use.
  const std::shared_ptr<std::atomic<std::int64_t>> bytes_in_use_ =
      std::make_shared<std::atomic<std::int64_t>>(0);
  std::map<std::string, bool, std::less<>> reads_;  ///< by collection
};

}  // namespace sluice::source
