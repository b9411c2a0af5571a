#pragma once

#include <chrono>
#include <future>
#include <string>

#include "server.hpp"

namespace storm {

inline double since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Updates all users by one updateMany, on its own thread and connection.
class UpdateMany {
 public:
  UpdateMany(const Server& server, const std::string& database);

  /// Waits until it has ended, and returns its duration. Throws MongoError.
  double seconds() { return seconds_.get(); }

 private:
  std::future<double> seconds_;
};

}  // namespace storm
