#pragma once

#include <cstdint>
#include <string>
#include <tuple>

namespace sluice {

/// Where an instance offers the answers of its change stream to the others of its cluster.
struct Peer {
  std::string instance;
  std::string host;
  int port = 0;
  std::string secret;         ///< 64 hexadecimal digits, which both ends of a connection must know
  std::int64_t since_ms = 0;  ///< when the process started, by its machine's clock

  /// For messages: host:port.
  std::string address() const { return host + ":" + std::to_string(port); }

  /// All instances have the same order. An instance reads from earlier ones only, so none can wait for one
  /// that waits for it.
  bool is_before(const Peer& other) const {
    return std::tie(since_ms, instance) < std::tie(other.since_ms, other.instance);
  }
};

}  // namespace sluice
