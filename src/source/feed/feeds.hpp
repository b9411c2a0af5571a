#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "source/feed/feed.hpp"
#include "source/feed/feed_stream.hpp"
#include "source/feed/feed_tap.hpp"
#include "source/peer/peer_directory.hpp"
#include "source/peer/peer_reader.hpp"

namespace sluice::source {

/// The feeds of a process: one for each watched database, and more where readers' needs differ too much for
/// one change stream. Thread-safe.
class Feeds {
 public:
  /// What a reader reads, and how.
  struct Reading {
    std::string deployment;  ///< identifies the servers, and the user
    std::string database;
    FeedNeeds needs;
    MakeStream make_stream;
    FeedStream::Ask ask;
    FeedStream::Options options;
  };
  using Say = std::function<void(bool loud, const std::string&)>;

  /// `memory` is charged for the answers. `say` logs a line, as a warning if `loud`. `peers`: the instances
  /// whose feeds may be read instead of MongoDB; null: none.
  Feeds(std::shared_ptr<flow::BudgetPool> memory, Say say, std::shared_ptr<PeerDirectory> peers = {})
      : memory_(std::move(memory)), say_(std::move(say)), peers_(std::move(peers)) {}
  ~Feeds() { stop(); }
  Feeds(const Feeds&) = delete;
  Feeds& operator=(const Feeds&) = delete;

  /// A stream for one reader. It shares a cursor with others once it is open.
  std::unique_ptr<EventStream> stream(Reading reading);

  /// Joins the feed that reads what another instance requests. Null, and why, if there is none.
  std::unique_ptr<FeedTap> open_tap(const PeerRequest& request, std::string& why) const;

  /// How many other instances get a stream's changes from this process.
  std::size_t followers(const std::string& stream) const;

  /// The threads of all feeds end soon, and readers get nothing more from them.
  void request_stop();
  /// Ends the threads of all feeds. Waits for their present calls to the server. Streams continue by
  /// themselves.
  void stop();

  /// The metrics sluice_feed_..., in Prometheus' text format.
  std::string metrics() const;

 private:
  struct Entry {
    std::shared_ptr<Feed> feed;
    std::string deployment;
    std::string database;
  };

  std::shared_ptr<Feed> feed_for(const Reading& reading);
  FeedSharing sharing(const std::string& name, int max_await_ms) const;

  const std::shared_ptr<flow::BudgetPool> memory_;
  const Say say_;
  const std::shared_ptr<PeerDirectory> peers_;
  mutable std::mutex mutex_;
  std::vector<Entry> feeds_;
};

}  // namespace sluice::source
