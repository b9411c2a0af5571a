#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "source/event_stream.hpp"
#include "source/feed/feed.hpp"
#include "source/feed/feed_taker.hpp"

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
  bool invalidated() const override { return progress_.invalidated; }

 private:
  std::optional<Error> open_own(const std::optional<Position>& after, Position& at, bool filter_changed);
  bool join();
  std::optional<Error> next_of_own(std::unique_ptr<StreamBatch>& batch);
  std::optional<Error> read_apart(std::unique_ptr<StreamBatch>& batch);
  void drop_known(StreamBatch& batch) const;

  const std::shared_ptr<Feed> feed_;
  const std::shared_ptr<FeedMember> member_;
  const Ask ask_;
  const Options options_;
  const flow::ReadDetail usual_;
  flow::ReadDetail reading_;
  std::unique_ptr<EventStream> own_;  ///< null while joined
  FeedProgress progress_;
  FeedTaker taker_;
  bool patient_ = true;
  bool first_ = true;  ///< it has not tried to join yet
  bool caught_up_ = false;
};

}  // namespace sluice::source
