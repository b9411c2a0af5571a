#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "workbench/mongo.hpp"

namespace sluice::nemesis {

/// Looks at the stored positions many times a second, on a thread of its own, and notes where one goes
/// backwards: an epoch or a floor of a shard; an epoch of a lane, and its number and token under one epoch.
class CheckpointWatch {
 public:
  CheckpointWatch(const std::string& uri, const std::string& state_database);
  CheckpointWatch(const CheckpointWatch&) = delete;
  CheckpointWatch& operator=(const CheckpointWatch&) = delete;

  /// Looks that the server answered.
  std::int64_t looks() const;
  /// The first step backwards; "" while there was none.
  std::string violation() const;

 private:
  struct Seen {
    std::int64_t epoch = 0;
    std::int64_t seq = 0;
    std::string token;
  };

  void run(const std::stop_token& stop, const std::string& uri, const std::string& database);
  void look(workbench::Mongo& state);
  std::vector<workbench::Document> read(workbench::Mongo& state, const std::string& collection);
  void compare(const workbench::Document& now, bool is_shard);

  std::map<std::string, Seen> seen_;
  std::uint64_t newest_ = 0;  ///< cluster time; no look may show an older state than the one before
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::int64_t looks_ = 0;
  std::string violation_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace sluice::nemesis
