#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>

#include "checkpoint/checkpoint_store.hpp"
#include "mongo/transaction.hpp"

namespace sluice::checkpoint {

/// The right to correct a stream's counters. One process at a time has it, for a backfill or a repair: two at
/// once would both add the same difference. A thread renews the lease while this object lives. Every
/// transaction that sets counters proves the lease by hold().
class AuditLease {
 public:
  AuditLease(mongo::ClientPool& pool, std::string state_database, std::string stream_id, int lease_ms);
  ~AuditLease();
  AuditLease(const AuditLease&) = delete;
  AuditLease& operator=(const AuditLease&) = delete;

  /// Takes the lease if no live process has it. Blocks.
  std::variant<std::monostate, Held, Error> acquire();

  /// Call it in each transaction. It proves that this process has the lease, and lets only one transaction
  /// commit with the present number. `held` is false if the lease is lost, or if a transaction with this
  /// number has been committed.
  std::optional<Error> hold(mongo::Transaction& transaction, bool& held) const;

  /// Call it if hold() set `held` to false. `committed` is true if the transaction with this number was
  /// committed and only its answer was lost. ErrorKind::fenced if another process has the lease.
  std::optional<Error> ask(bool& committed) const;

  /// The transaction with this number is committed; the next one gets the next number.
  void advance() { ++writes_; }

 private:
  void keep(const std::stop_token& stop);
  void renew();
  void append_query(bson::Builder& update) const;
  void end_transactions_of(const std::string& holder) const;
  void release();

  mongo::ClientPool& pool_;
  std::string database_;
  std::string id_;
  int lease_ms_;
  LeaseHolder self_;
  std::int64_t epoch_ = 0;   ///< 0: this process does not have the lease
  std::int64_t writes_ = 0;  ///< transactions committed under all epochs; the present number
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread keeper_;
};

}  // namespace sluice::checkpoint
