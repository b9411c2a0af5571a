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

/// The right to set a stream's counters to what they should be: one process at a time has it, be it a
/// backfill or a repair. Two at once would both add the same difference. Renewed by a thread of its own while
/// it lives; every transaction that sets counters proves it by hold().
class AuditLease {
 public:
  AuditLease(mongo::ClientPool& pool, std::string state_database, std::string stream_id, int lease_ms);
  ~AuditLease();
  AuditLease(const AuditLease&) = delete;
  AuditLease& operator=(const AuditLease&) = delete;

  /// Takes the lease if nobody alive has it. Blocks for as long as the server takes.
  std::variant<std::monostate, Held, Error> acquire();

  /// Within a transaction: proves that the lease is ours, and makes this the only transaction of its number.
  /// `held` is false when it is not, or when this number has been committed already.
  std::optional<Error> hold(mongo::Transaction& transaction, bool& held) const;

  /// After hold() said no: whether the transaction of this number is in, its answer having been lost.
  std::optional<Error> ask(bool& committed) const;

  /// The transaction of this number is in: on to the next.
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
  std::int64_t epoch_ = 0;   ///< 0: not ours
  std::int64_t writes_ = 0;  ///< transactions committed under all epochs
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread keeper_;
};

}  // namespace sluice::checkpoint
