#pragma once

#include <functional>
#include <future>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "flow/time.hpp"
#include "source/peer/peer_reader.hpp"

namespace sluice::source {

/// Connects to the instances that a feed may read from, on a thread of its own, so that the feed goes on
/// reading meanwhile. After each try that did not last it pauses for longer. Used by one thread; its
/// destructor waits for the try that is under way.
class PeerConnector {
 public:
  /// What a try came to: a reader that is connected, or null and why.
  struct Try {
    std::unique_ptr<PeerReader> reader;
    std::string why_not;
  };

  /// `how`: deferred, in tests, connects in the call of poll().
  explicit PeerConnector(FindPeers find, std::launch how = std::launch::async,
                         std::function<flow::Time()> now = flow::Clock::now)
      : find_(std::move(find)), how_(how), now_(std::move(now)) {}
  ~PeerConnector() { stop_.request_stop(); }
  PeerConnector(const PeerConnector&) = delete;
  PeerConnector& operator=(const PeerConnector&) = delete;

  /// Begins a try if one is due, and returns what the last one came to, if it has ended. Does not wait.
  Try poll(const std::set<std::string>& streams);
  /// The reader of this name, which poll() returned, cannot be read now. Until one can, tries begin with
  /// those that have not refused, and then with the one whose refusal is the longest ago.
  void refused(const std::string& name);
  /// The reader of this name, which poll() returned, is read from now on.
  void began(const std::string& name);
  /// It is no longer: it has failed, or (`given_up`) the caller needs another one. One that fails soon counts
  /// as refused.
  void ended(bool given_up);
  /// Whether this reason was not told before; "" forgets the last one.
  bool is_news(const std::string& why_not);

 private:
  static Try connect(const FindPeers& find, const std::set<std::string>& streams,
                     const std::vector<std::string>& refused, const std::stop_token& stop);

  const FindPeers find_;
  const std::launch how_;
  const std::function<flow::Time()> now_;
  std::stop_source stop_;
  std::future<Try> trying_;
  std::string told_;
  std::vector<std::string> refused_;  ///< the last one last
  std::string read_;                  ///< the reader that began last
  flow::Time next_{};
  flow::Time began_{};
  flow::Duration pause_{};
};

}  // namespace sluice::source
