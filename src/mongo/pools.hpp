#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "mongo/client.hpp"

namespace sluice::mongo {

/// The client pools of a process. Streams with the same URI share one: each pool keeps connections by which
/// the driver watches every server. Thread-safe.
class Pools {
 public:
  /// A pool in which `clients` more clients may be in use at once, as long as the result is kept. `listener`
  /// is that of the first stream. Throws as ClientPool's constructor does.
  std::shared_ptr<ClientPool> share(const StreamConfig& stream, int clients, const std::string& application,
                                    ClientPool::Listener listener);

 private:
  using Place = std::pair<std::string, std::string>;  ///< the URI, or the file that holds it

  std::mutex mutex_;
  std::map<Place, std::weak_ptr<ClientPool>> pools_;  ///< protected by mutex_
};

}  // namespace sluice::mongo
