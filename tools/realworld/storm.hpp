#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "realworld/seed.hpp"

namespace realworld {

/// The work of a storm. `sizes` must be those with which `seed` filled the database.
struct StormOptions {
  Sizes sizes;
  int writers = 4;                ///< each with its own connection and random choices
  std::int64_t operations = 500;  ///< number for each writer; see until_stopped
  int user_rounds = 2;            ///< updates of all users by one command, while the writers write
  std::int64_t first_new = 0;     ///< number of the first new document; a second storm needs another
  /// If set: continue after `operations` until it is true. Then a writer ends at its first failure.
  const std::atomic<bool>* until_stopped = nullptr;
};

struct StormReport {
  std::int64_t operations = 0;
  std::int64_t failed = 0;  ///< operations that the server refused, or that lost the connection
  std::string first_failure;
};

/// Runs random operations on all four collections with several concurrent writers. Returns when all are done.
StormReport storm(const std::string& uri, const std::string& database, const StormOptions& options);

}  // namespace realworld
