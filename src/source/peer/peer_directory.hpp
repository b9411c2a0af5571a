#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/peer.hpp"
#include "source/peer/peer_reader.hpp"

namespace sluice::source {

/// The instances of the cluster that offer their feeds, as the members of each stream last saw them.
/// Thread-safe.
class PeerDirectory {
 public:
  explicit PeerDirectory(Peer self) : self_(std::move(self)) {}

  /// This instance, as others reach it.
  const Peer& self() const { return self_; }

  /// The live members of a stream's cluster.
  void tell(const std::string& stream, std::vector<Peer> members);

  /// The instances that this one may read from, each a member of all these streams' clusters: those that
  /// started earlier, the earliest first, but a few only.
  std::vector<Peer> earlier(const std::set<std::string>& streams) const;

  /// These streams are read through another instance from now on, or ("") no longer.
  void follow(const std::set<std::string>& streams, const std::string& peer);
  /// The instance through which a stream is read, as host:port; "" for none.
  std::string followed(const std::string& stream) const;

 private:
  const Peer self_;
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<Peer>> members_;  ///< by stream
  std::map<std::string, std::string> followed_;       ///< by stream
};

}  // namespace sluice::source
