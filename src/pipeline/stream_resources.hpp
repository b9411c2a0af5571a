#pragma once

#include <algorithm>
#include <mutex>

#include "async/strand.hpp"
#include "checkpoint/lease_holder.hpp"
#include "config/state_names.hpp"
#include "mongo/session_recorder.hpp"
#include "observe/log/log_line.hpp"
#include "pipeline/health/outlet_states.hpp"
#include "pipeline/health/reachability.hpp"
#include "sluice/config.hpp"

namespace sluice::pipeline {

/// What the parts of one stream that run in this process share: connections and blocking threads. One part or
/// sixteen partitions, there are as many. Outlives the streams that use it.
struct StreamResources {
  /// Throws Stop when the URI cannot be used. `parts`: how many may run here at once.
  StreamResources(const Config& config, const StreamConfig& stream, const observe::StreamLog& log,
                  observe::Readiness& readiness, observe::Metrics& metrics, int parts)
      : self(checkpoint::LeaseHolder::self()),
        pool(stream,
             clients_for_a_batch * config.engine.in_flight + clients_for_a_part * parts + clients_besides,
             self.instance,
             [log](bool taken_up, const std::string& what) {
               log.log(taken_up ? spdlog::level::info : spdlog::level::warn, {}, "{}", what);
             }),
        recorder(config.state_database, state::sessions, config.pipeline),
        batch_threads(static_cast<std::size_t>(config.engine.in_flight)),
        keeper_threads(static_cast<std::size_t>(std::clamp(parts / 8, 1, 4))),
        asking_thread(1),
        outlets(log, stream.name, readiness, metrics) {}

  static constexpr int clients_for_a_batch = 3;  // a backfill's thread reads targets and sources, and writes
  static constexpr int clients_for_a_part = 2;   // its reader and its cursor
  static constexpr int clients_besides = 10;     // keepers, oplog, a backfill's lease, membership, spare

  checkpoint::LeaseHolder self;
  mongo::ClientPool pool;
  mongo::SessionRecorder recorder;
  asio::thread_pool batch_threads;
  asio::thread_pool keeper_threads;  ///< a renewal never waits behind batches
  asio::thread_pool asking_thread;   ///< its own: neither batches nor leases wait behind a question
  /// One after the other: acquisitions of one stream conflict, and the database need be prepared only once.
  std::mutex preparing;
  bool prepared = false;  ///< behind the mutex
  Reachability reach;
  OutletStates outlets;
};

}  // namespace sluice::pipeline
