#pragma once

#include <deque>
#include <future>
#include <map>
#include <memory>
#include <mutex>
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
  SharedRenewals(std::shared_ptr<mongo::ClientPool> pool, std::string database)
      : pool_(std::move(pool)), database_(std::move(database)) {}

  /// Returns the error if it could not be stored; see checkpoint::store_renewals(). The coroutine resumes on
  /// its own executor.
  asio::awaitable<std::optional<Error>> store(checkpoint::Renewal renewal);

 private:
  /// What one command stores.
  struct Group {
    std::vector<checkpoint::Renewal> renewals;
    std::vector<std::promise<std::optional<Error>>> answers;  ///< to each of them
  };

  void store_first_group();
  std::vector<std::optional<Error>> store_all(std::span<checkpoint::Renewal> renewals);

  const std::shared_ptr<mongo::ClientPool> pool_;
  const std::string database_;
  std::mutex mutex_;
  std::deque<Group> waiting_;    ///< protected by mutex_
  asio::thread_pool thread_{1};  ///< of its own, so that a renewal never waits for a batch
};

/// One SharedRenewals for each client pool of the process. Thread-safe.
class RenewalsOfProcess {
 public:
  std::shared_ptr<SharedRenewals> of(const std::shared_ptr<mongo::ClientPool>& pool,
                                     const std::string& database);

 private:
  std::mutex mutex_;
  std::map<const mongo::ClientPool*, std::weak_ptr<SharedRenewals>> known_;  ///< protected by mutex_
};

}  // namespace sluice::pipeline
