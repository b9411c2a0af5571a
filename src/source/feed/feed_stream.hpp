#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "source/event_stream.hpp"
#include "source/feed/feed.hpp"

namespace sluice::source {

/// A stream's reader at a feed. It reads a change stream of its own until the feed admits it, and again
/// whenever the feed detaches it. In either case it returns every event of its filter exactly once, in order.
class FeedStream : public EventStream {
 public:
  struct Options {
    int cursor_batch = 1000;
    int max_await_ms = 500;
  };
  /// Runs a command on the primary of the feed's deployment.
  using Ask = std::function<mongo::Reply(const std::string& database, bson::View command)>;

  FeedStream(std::shared_ptr<Feed> feed, FeedNeeds needs, MakeStream make_stream, Ask ask, Options options);
  ~FeedStream() override;

  using EventStream::open;
  std::optional<Error> open(const std::optional<Position>& after, Position& at, bool filter_changed) override;
  void read_as(const flow::ReadDetail& reading) override;
  bool outdated() const override { return own_ && own_->outdated(); }
  void read_at_most(const ReadLimit& limit) override;
  void be_patient(bool patient) override;
  std::optional<Error> next(std::unique_ptr<StreamBatch>& batch) override;
  mongo::Reply ask(const std::string& database, bson::View command) override;
  bool invalidated() const override { return invalidated_; }

 private:
  using Shared = std::shared_ptr<const FeedBatch>;
  class Taken;
  struct Piece;
  struct InUse;

  std::optional<Error> open_own(const std::optional<Position>& after, Position& at, bool filter_changed);
  bool join();
  std::optional<Error> next_of_own(std::unique_ptr<StreamBatch>& batch);
  std::optional<Error> next_of_feed(std::unique_ptr<StreamBatch>& batch);
  std::optional<Error> read_apart(std::unique_ptr<StreamBatch>& batch);
  void drop_known(StreamBatch& batch) const;
  Shared next_shared();
  std::unique_ptr<StreamBatch> take(const Shared& shared, Taken& taken);
  Piece next_piece(const FeedBatch& shared, std::size_t most);
  std::shared_ptr<const void> kept(const Shared& shared);
  std::size_t room(const Taken& taken) const;
  bool is_enough(const Taken& taken) const;
  std::unique_ptr<StreamBatch> finish(Taken& taken) const;
  bool is_mine(const FeedBatch& batch, const EventMark& mark);
  bool reads(std::string_view collection);
  std::unique_ptr<StreamBatch> nothing_new() const;

  const std::shared_ptr<Feed> feed_;
  const std::shared_ptr<FeedMember> member_;
  const Ask ask_;
  const Options options_;
  const flow::ReadDetail usual_;
  flow::ReadDetail reading_;
  std::unique_ptr<EventStream> own_;  ///< null while joined
  Position at_;                       ///< everything up to here has been returned
  bool at_of_feed_ = true;  ///< the feed may have read up to `at_`, and not this reader's own cursor
  std::uint64_t time_ = 0;  ///< the server's clock in the last answer
  /// The `_data` of the token of the last invalidate event: the one event behind which a stream is not opened
  /// by time, since the event would come again.
  std::string invalidate_;
  std::int64_t first_number_ = 0;  ///< of the shared batch that was taken last
  ReadLimit limit_;
  std::weak_ptr<const InUse> in_use_;  ///< the shared batch of which a piece was returned last
  /// Bytes of shared batches of which pieces are in use.
  const std::shared_ptr<std::atomic<std::int64_t>> bytes_in_use_ =
      std::make_shared<std::atomic<std::int64_t>>(0);
  bool patient_ = true;
  bool first_ = true;  ///< it has not tried to join yet
  bool caught_up_ = false;
  bool invalidated_ = false;
  std::map<std::string, bool, std::less<>> reads_;  ///< by collection
};

}  // namespace sluice::source
