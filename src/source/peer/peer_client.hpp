#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/peer.hpp"
#include "source/peer/peer_link.hpp"
#include "source/peer/peer_reader.hpp"

namespace sluice::source {

/// Reads the answers of another instance's feed over a connection to its PeerServer.
class PeerClient : public PeerReader {
 public:
  /// `reached` is told whether the instance accepts connections.
  PeerClient(Peer peer, std::function<void(bool)> reached)
      : peer_(std::move(peer)), reached_(std::move(reached)) {}

  std::string name() const override { return peer_.host + ":" + std::to_string(peer_.port); }
  std::string open(const PeerRequest& request) override;
  std::unique_ptr<StreamBatch> next(std::size_t events, flow::Duration wait, std::string& why) override;

 private:
  const Peer peer_;
  const std::function<void(bool)> reached_;
  PeerLink link_;
};

}  // namespace sluice::source
