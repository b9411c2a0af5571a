#pragma once

#include <chrono>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "async/strand.hpp"
#include "checkpoint/renewal.hpp"

namespace sluice::pipeline {

/// Stores the renewals of all streams of a process that use the same client pool. Those that are asked for
/// while another command is under way are stored together by the next one: a command that waits for a
/// majority costs the server about as much for twenty positions as for one. At most as many wait as there are
/// streams and partitions, since each has at most one renewal under way. Thread-safe.
class SharedRenewals {
 public:
  /// `answer_timeout`: how long a command may take before its connection is closed. Others wait meanwhile, so
  /// it should be well below the time that a lease lasts.
  SharedRenewals(std::shared_ptr<mongo::ClientPool> pool, std::string database,
                 std::chrono::milliseconds answer_timeout)
      : pool_(std::move(pool)), database_(std::move(database)), answer_timeout_(answer_timeout) {}

  /// Returns the error if it could not be stored; see checkpoint::store_renewals(). The coroutine resumes on
  /// its own executor.
  asio::awaitable<std::optional<Error>> store(checkpoint::Renewal renewal);

 private:
  /// What one command stores.
  struct Group {
    std::vector<checkpoint::Renewal> renewals;
    std::vector<std::promise<std::optional<Error>>> answers;  ///< to each of them
    std::size_t bytes = 0;
  };

  Group& group_for(std::size_t bytes);
  void store_first_group();
  std::vector<std::optional<Error>> store_all(std::span<checkpoint::Renewal> renewals);

  const std::shared_ptr<mongo::ClientPool> pool_;
  const std::string database_;
  const std::chrono::milliseconds answer_timeout_;
  std::mutex mutex_;
  std::deque<Group> waiting_;                        ///< protected by mutex_
  std::optional<mongo::ClientPool::Client> client_;  ///< its own, with another time-out; on thread_ only
  asio::thread_pool thread_{1};  ///< of its own, so that a renewal never waits for a batch
};

/// One SharedRenewals for each client pool of the process. Thread-safe.
class RenewalsOfProcess {
 public:
  /// Keeps `pool` as long as the result is used. `lease`: how long the leases last.
  std::shared_ptr<SharedRenewals> of(std::shared_ptr<mongo::ClientPool> pool, const std::string& database,
                                     std::chrono::milliseconds lease);

 private:
  std::mutex mutex_;
  std::map<const mongo::ClientPool*, std::weak_ptr<SharedRenewals>> known_;  ///< protected by mutex_
};

}  // namespace sluice::pipeline
