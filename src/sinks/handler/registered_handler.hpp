#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <boost/asio/any_io_executor.hpp>

#include "sluice/handler.hpp"

namespace sluice {

/// Counts the running coroutines of a handler, over all lanes, partitions and streams of the process. Lanes
/// that find no room wait in a queue, so that no lane takes all of it. The caller must hold the handler's
/// mutex.
class HandlerRoom {
 public:
  explicit HandlerRoom(int at_once) : at_once_(at_once), free_(at_once) {}

  /// `lane` identifies the caller; `wake` is notified when its turn comes.
  bool take(const void* lane, std::condition_variable& wake) {
    const bool first = waiting_.empty() || waiting_.front().first == lane;
    if (free_ == 0 || !first) {
      if (std::ranges::find(waiting_, lane, &Waiting::first) == waiting_.end())
        waiting_.emplace_back(lane, &wake);
      return false;
    }
    --free_;
    withdraw(lane);
    return true;
  }

  bool any_under_way() const { return free_ < at_once_; }
  bool is_turn_of(const void* lane) const {
    return free_ > 0 && !waiting_.empty() && waiting_.front().first == lane;
  }

  void give_back() {
    ++free_;
    wake_next();
  }

  /// Removes `lane` from the queue.
  void withdraw(const void* lane) {
    std::erase_if(waiting_, [lane](const Waiting& one) { return one.first == lane; });
    if (free_ > 0) wake_next();
  }

 private:
  using Waiting = std::pair<const void*, std::condition_variable*>;

  void wake_next() {
    if (!waiting_.empty()) waiting_.front().second->notify_all();
  }

  const int at_once_;
  int free_;
  std::deque<Waiting> waiting_;
};

/// A handler as the program registered it.
struct RegisteredHandler {
  RegisteredHandler(std::string name, HandlerOptions options, boost::asio::any_io_executor executor,
                    Handler call)
      : name(std::move(name)),
        options(std::move(options)),
        executor(std::move(executor)),
        call(std::move(call)),
        room(this->options.at_once) {}

  const std::string name;
  const HandlerOptions options;
  const boost::asio::any_io_executor executor;
  const Handler call;
  std::atomic<bool> stopping = false;  ///< failures no longer count
  std::mutex mutex;                    ///< protects `room` and the results of its coroutines
  HandlerRoom room;
};

}  // namespace sluice
