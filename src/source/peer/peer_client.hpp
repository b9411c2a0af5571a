#pragma once

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
  /// `longest_await`: how long its feed may wait for MongoDB's answer.
  PeerClient(Peer peer, flow::Duration longest_await)
      : peer_(std::move(peer)), longest_await_(longest_await) {}

  std::string name() const override { return peer_.address(); }
  std::string connect(const std::stop_token& stop) override;
  std::string open(const PeerRequest& request) override;
  std::unique_ptr<StreamBatch> next(std::size_t events, flow::Duration wait, std::string& why) override;

 private:
  const Peer peer_;
  const flow::Duration longest_await_;
  PeerLink link_;
};

}  // namespace sluice::source
