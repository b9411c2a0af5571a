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

/// Limits how many coroutines of one handler run at once, over all lanes, partitions and streams of the
/// process. Lanes that find no room wait in a queue, so that no lane takes all the room. Call with the
/// handler's mutex locked.
class HandlerRoom {
 public:
  explicit HandlerRoom(int at_once) : at_once_(at_once), free_(at_once) {}

  /// Takes room for one coroutine. If there is none, or other lanes wait before this one, returns false and
  /// adds `lane` to the queue; `wake` is notified when it may be its turn. `lane` is only an identity.
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

/// A handler that the program registered.
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
  std::atomic<bool> stopping = false;  ///< failures no longer count as attempts
  std::mutex mutex;                    ///< protects `room` and the coroutines' results
  HandlerRoom room;
};

}  // namespace sluice
