#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sluice/config.hpp"
#include "source/feed/feeds.hpp"
#include "source/peer/peer_directory.hpp"
#include "source/peer/peer_server.hpp"

namespace sluice::pipeline {

/// This process's feeds as the other instances of the cluster may read them, if the configuration says so.
class FeedOffer {
 public:
  using Say = std::function<void(const std::string&)>;

  /// Listens. Throws Stop if that is not possible. Any thread may call `say`.
  FeedOffer(const Config& config, const Say& say);

  /// Null where instances do not share their feeds.
  const std::shared_ptr<source::PeerDirectory>& directory() const { return directory_; }
  /// Accepts connections from now on.
  void begin(std::weak_ptr<const source::Feeds> feeds);
  /// Ends all connections. Waits for their threads.
  void stop();

 private:
  std::unique_ptr<source::PeerServer> server_;
  std::shared_ptr<source::PeerDirectory> directory_;
};

}  // namespace sluice::pipeline
