#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "drain.hpp"
#include "options.hpp"
#include "server.hpp"
#include "worker.hpp"

namespace storm {

/// What a worker did while one updateMany of all users was written.
struct Followed {
  double seconds = 0;  ///< from the updateMany's start until all results of the rule existed
  Histogram lag;
  double peak_rss_mb = 0;
  double worker_cpu = 0;  ///< seconds, in the time measured
  double mongod_cpu = 0;
};

/// The rules of a worker, and the data on the server before it starts.
struct Scene {
  std::string rules;  ///< YAML list
  std::string pipeline;
  std::uint32_t documents = 0;  ///< users
  bool images = false;          ///< whether pre- and post-images of users are enabled
};

/// Runs workers, one after the other, each on the events of one updateMany of all users. Each starts at the
/// present.
class Follower {
 public:
  using Done = std::function<bool()>;

  Follower(const Options& options, const Server& server);

  const Client& client() const { return client_; }
  static const std::string& database();
  void load(const Scene& scene);

  /// Measures a worker until `done` returns true, and then waits until its own counters agree.
  Followed follow(const Done& done);
  /// Returns the seconds until `done` returns true. `release` is called then, and must end whatever the
  /// worker still waits for.
  double follow_until(const Done& done, const std::function<void()>& release);
  /// Events per second of a bare cursor during the updateMany, with the same stream options as the worker.
  double read_live();

 private:
  const Options& options_;
  const Server& server_;
  TemporaryDirectory folder_;
  Client client_;
  WorkerOptions worker_;
  std::uint32_t documents_ = 0;
};

}  // namespace storm
