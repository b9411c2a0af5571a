#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "mongo/client.hpp"
#include "observe/log/repeated_warning.hpp"
#include "observe/readiness.hpp"
#include "pipeline/stream_resources.hpp"
#include "sluice/config.hpp"

namespace sluice::pipeline {

/// Reports what keeps the lanes and the checkpoint of one running stream from making progress: in the log, in
/// /readyz, in the states of its outlets and, for a stream of triggers, in the state database. A server
/// outside MongoDB that is down degrades the worker; a denial by MongoDB makes it not ready. On the strand,
/// unless stated otherwise.
class LaneTroubles {
 public:
  struct Parts {
    const Config& config;
    const StreamConfig& stream;
    StreamResources& resources;
    observe::Readiness& readiness;
    const observe::StreamLog& log;
    std::string title;      ///< the stream's name in the log
    std::string condition;  ///< its name in /readyz
  };

  explicit LaneTroubles(Parts parts);

  /// A lane's batch failed and is retried. `outlet`: the server outside MongoDB that caused it, or "".
  /// `events`: how many are in flight.
  void retried(std::size_t lane, const Error& error, const std::string& outlet, std::int64_t events);
  void recovered(std::size_t lane);

  /// The result of the last store of the checkpoint.
  void checkpoint(const std::optional<Error>& error) { denied(parts_.condition + " checkpoint", error); }

  /// While the stream starts: all outlets were prepared, or this one could not be. On the reader's thread.
  void prepared();
  void unprepared(const std::string& server, const Error& error);

  /// Stores in the state database why triggers do not run ("" once they run). Blocks; on the reader's thread.
  void note_problem(const std::string& why);

  /// Logs what still fails, once a minute.
  void tell_due(flow::Time now);
  /// The stream with this number of lanes has ended: nothing waits any more.
  void forget(std::size_t lanes);

 private:
  std::string lane_condition(std::size_t lane) const;
  std::string who(std::size_t lane) const;
  void denied(const std::string& condition, const std::optional<Error>& error);
  void note_reach(const std::optional<Error>& error);
  void note_while_running(const std::string& condition, const std::string& why);

  Parts parts_;
  const std::string id_;              ///< the stream's id in the state database
  observe::RepeatedWarning held_up_;  ///< lanes whose batches fail within MongoDB
  std::set<std::size_t> held_up_lanes_;
  std::string problem_;     ///< the problem of a running trigger that was stored last; "" if there is none
  std::string problem_of_;  ///< the condition in /readyz of this problem
};

}  // namespace sluice::pipeline
