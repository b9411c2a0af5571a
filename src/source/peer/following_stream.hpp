#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "source/event_stream.hpp"
#include "source/feed/feed.hpp"
#include "source/peer/peer_connector.hpp"
#include "source/peer/peer_reader.hpp"

namespace sluice::source {

/// The cursor of a feed in a cluster whose instances share one change stream. It gets its answers from
/// another instance's feed while it can, and from a change stream of its own otherwise. It begins with its
/// own, and connects to other instances meanwhile. It changes between the two at its position, so no event is
/// left out; some may come again after a change.
///
/// Used by one thread.
class FollowingStream : public EventStream {
 public:
  struct Parts {
    FeedFilter filter;
    MakeStream own;
    std::shared_ptr<PeerConnector> connector;               ///< outlives this stream, so that pauses are kept
    std::shared_ptr<std::atomic<bool>> follows;             ///< told whether another instance is read
    std::function<void(const std::string& peer)> followed;  ///< told which one, or ""
    std::function<void(bool loud, const std::string&)> say;  ///< a line for the log, as a warning if `loud`
    int max_await_ms = 500;
  };

  explicit FollowingStream(Parts parts) : parts_(std::move(parts)) {}
  ~FollowingStream() override { leave(true); }

  using EventStream::open;
  std::optional<Error> open(const std::optional<Position>& after, Position& at, bool filter_changed) override;
  void read_as(const flow::ReadDetail& reading) override { reading_ = reading; }
  void read_at_most(const ReadLimit& limit) override { limit_ = limit; }
  bool outdated() const override { return own_ && own_->outdated(); }
  void be_patient(bool patient) override { patient_ = patient; }
  std::optional<Error> next(std::unique_ptr<StreamBatch>& batch) override;
  mongo::Reply ask(const std::string& database, bson::View command) override;
  bool invalidated() const override { return invalidated_; }

 private:
  void follow();
  void leave(bool given_up);
  std::optional<Error> open_own(const std::optional<Position>& after, bool filter_changed);
  std::optional<Error> next_of_own(std::unique_ptr<StreamBatch>& batch);
  std::optional<Error> next_of_peer(std::unique_ptr<StreamBatch>& batch);
  void move_to(std::unique_ptr<StreamBatch>& batch);
  std::size_t events_asked() const;

  const Parts parts_;
  std::unique_ptr<PeerReader> peer_;  ///< one of these two, once it is open
  std::unique_ptr<EventStream> own_;
  Position at_;
  flow::ReadDetail reading_;
  ReadLimit limit_;
  bool caught_up_ = false;
  bool patient_ = true;
  bool invalidated_ = false;
};

}  // namespace sluice::source
