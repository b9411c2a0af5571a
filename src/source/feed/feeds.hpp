#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "source/feed/feed.hpp"
#include "source/feed/feed_stream.hpp"

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

  /// `memory` is charged for the answers. `say` logs a line, as a warning if `loud`.
  Feeds(std::shared_ptr<flow::BudgetPool> memory, Say say)
      : memory_(std::move(memory)), say_(std::move(say)) {}
  ~Feeds() { stop(); }
  Feeds(const Feeds&) = delete;
  Feeds& operator=(const Feeds&) = delete;

  /// A stream for one reader. It shares a cursor with others once it is open.
  std::unique_ptr<EventStream> stream(Reading reading);

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

  const std::shared_ptr<flow::BudgetPool> memory_;
  const Say say_;
  mutable std::mutex mutex_;
  std::vector<Entry> feeds_;
};

}  // namespace sluice::source
