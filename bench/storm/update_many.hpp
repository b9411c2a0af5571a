#pragma once

#include <chrono>
#include <future>
#include <string>

#include "server.hpp"

namespace storm {

inline double since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// One updateMany of all users there are, on a thread and a connection of its own.
class UpdateMany {
 public:
  UpdateMany(const Server& server, const std::string& database);

  /// Waits for its end. Throws what it threw.
  double seconds() { return seconds_.get(); }

 private:
  std::future<double> seconds_;
};

}  // namespace storm
