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
  double seconds = 0;  ///< from the updateMany's start until what the rule is for was there
  Histogram lag;
  double peak_rss_mb = 0;
  double worker_cpu = 0;  ///< seconds, in the time measured
  double mongod_cpu = 0;
};

/// What stands on the server before a worker of these rules starts.
struct Scene {
  std::string rules;  ///< YAML list
  std::string pipeline;
  std::uint32_t documents = 0;  ///< users
  bool images = false;          ///< of users, as they are before and after an update
};

/// Workers whose rules follow an updateMany, one after the other, each from the present on.
class Follower {
 public:
  using Done = std::function<bool()>;

  Follower(const Options& options, const Server& server);

  const Client& client() const { return client_; }
  static const std::string& database();
  void load(const Scene& scene);

  /// Until `done`, and until the worker says so too.
  Followed follow(const Done& done);
  /// Seconds until `done`; `release` has to let go what the worker is still waiting for then.
  double follow_until(const Done& done, const std::function<void()>& release);
  /// Events a second that a bare cursor reads while the updateMany is written, asked for as the worker asks.
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
