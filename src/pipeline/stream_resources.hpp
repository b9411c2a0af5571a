#pragma once

#include <algorithm>
#include <mutex>

#include "async/strand.hpp"
#include "checkpoint/lease_holder.hpp"
#include "config/state_names.hpp"
#include "core/relay_log.hpp"
#include "mongo/pools.hpp"
#include "mongo/session_recorder.hpp"
#include "observe/log/log_line.hpp"
#include "pipeline/health/outlet_states.hpp"
#include "pipeline/health/reachability.hpp"
#include "pipeline/lane_turns.hpp"
#include "pipeline/shared_renewals.hpp"
#include "sinks/relay.hpp"
#include "sluice/config.hpp"

namespace sluice::pipeline {

/// Clients and blocking threads, shared by the parts of one stream that run in this process. The number
/// of batch threads does not depend on the number of parts. Outlives the streams that use it.
struct StreamResources {
  /// Throws Stop if the URI cannot be used. `parts`: how many parts may run in this process at once.
  StreamResources(const Config& config, const StreamConfig& stream, mongo::Pools& pools,
                  RenewalsOfProcess& renewals_of_process, const observe::StreamLog& log,
                  observe::Readiness& readiness, observe::Metrics& metrics, int parts)
      : self(checkpoint::LeaseHolder::self()),
        shared_pool(pools.share(
            stream,
            clients_for_a_batch * config.engine.in_flight + clients_for_a_part * parts + clients_besides,
            self.instance,
            [log](bool taken_up, const std::string& what) {
              log.log(taken_up ? spdlog::level::info : spdlog::level::warn, {}, "{}", what);
            })),
        pool(*shared_pool),
        renewals(renewals_of_process.of(pools.share(stream, 0, self.instance, {}), config.state_database,
                                        std::chrono::milliseconds(config.engine.lease_ms))),
        recorder(config.state_database, state::sessions, config.pipeline),
        batch_threads(static_cast<std::size_t>(config.engine.in_flight)),
        keeper_threads(static_cast<std::size_t>(std::clamp(parts / 8, 1, 4))),
        asking_thread(1),
        turns(storm_lingers * std::chrono::milliseconds(config.engine.batch_linger_ms),
              static_cast<std::size_t>(config.engine.batch_docs)),
        outlets(log, stream.name, readiness, metrics),
        relay(sinks::make_relay_log(config, stream,
                                    [log](const std::string& what) { log.info("{}", what); })) {}

  static constexpr int clients_for_a_batch = 3;  // a backfill's thread reads targets and sources, and writes
  static constexpr int clients_for_a_part = 2;   // its reader and its cursor
  // For keepers, oplog queries, a backfill's lease, membership; and spare ones.
  static constexpr int clients_besides = 10;
  /// In a storm, transactions of counters begin this many linger times after each other; see flow::TurnPace.
  static constexpr int storm_lingers = 4;

  checkpoint::LeaseHolder self;
  const std::shared_ptr<mongo::ClientPool> shared_pool;
  mongo::ClientPool& pool;
  const std::shared_ptr<SharedRenewals> renewals;
  mongo::SessionRecorder recorder;
  asio::thread_pool batch_threads;
  asio::thread_pool keeper_threads;  ///< separate, so that giving back a lease never waits for a batch
  /// For queries and for enabling images, so that neither batches nor renewals wait for these.
  asio::thread_pool asking_thread;
  /// Held while a part prepares the databases or acquires its shard: concurrent acquisitions of one stream
  /// conflict, and the databases need be prepared only once.
  std::mutex preparing;
  bool prepared = false;  ///< guarded by `preparing`
  Reachability reach;
  LaneTurns turns;
  OutletStates outlets;
  std::shared_ptr<RelayLog> relay;  ///< null: partitions read from MongoDB
};

}  // namespace sluice::pipeline
