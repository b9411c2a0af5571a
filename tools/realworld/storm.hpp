#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "realworld/seed.hpp"

namespace realworld {

/// Who writes how much, on a database that `seed` filled with the same sizes.
struct StormOptions {
  Sizes sizes;
  int writers = 4;                ///< each with a connection and random choices of its own
  std::int64_t operations = 500;  ///< of each writer; further ones follow while `until_stopped` is not set
  int user_rounds = 2;            ///< updates of all users at once, while the writers write
  std::int64_t first_new =
      0;  ///< documents that this storm adds are numbered from here; a second one differs
  const std::atomic<bool>* until_stopped = nullptr;  ///< go on past `operations` until this is true
};

struct StormReport {
  std::int64_t operations = 0;
  std::int64_t failed = 0;  ///< the server refused or went away
  std::string first_failure;
};

/// Random operations over all four collections from several writers at once. Returns when all are done.
StormReport storm(const std::string& uri, const std::string& database, const StormOptions& options);

}  // namespace realworld
