#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "flow/time.hpp"
#include "sluice/bson.hpp"

namespace sluice::source {

inline bson::View view_of(const std::vector<std::uint8_t>& bytes) {
  return {bytes.data(), bytes.size()};
}

/// 64 hexadecimal digits. Throws Stop if the machine has no random numbers.
std::string new_secret();

/// A connection between two instances, over which BSON documents go. It is encrypted, and each end proves
/// that it knows the same secret (TLS 1.3 with a pre-shared key). The functions block, up to a time, and
/// return what went wrong, or ""; the link is closed then. Used by one thread.
class PeerLink {
 public:
  /// The largest document: an event of 16 MiB may have two images.
  static constexpr std::size_t most_bytes = std::size_t{64} << 20;

  PeerLink();
  ~PeerLink();
  PeerLink(const PeerLink&) = delete;
  PeerLink& operator=(const PeerLink&) = delete;

  /// `most` is for each of three steps. A name that takes longer to be resolved is waited for.
  std::string connect(const std::string& host, int port, const std::string& secret, flow::Duration most,
                      const std::stop_token& stop = {});
  /// `socket`: the descriptor of an accepted connection, which it closes in any case.
  std::string accept(int socket, const std::string& secret, flow::Duration most,
                     const std::stop_token& stop = {});

  std::string send(std::span<const std::uint8_t> bytes, flow::Duration most,
                   const std::stop_token& stop = {});
  /// Receives one document into `bytes`.
  std::string receive(std::vector<std::uint8_t>& bytes, flow::Duration most,
                      const std::stop_token& stop = {});
  /// Receives exactly so many bytes behind those that `bytes` has.
  std::string receive_more(std::vector<std::uint8_t>& bytes, std::size_t count, flow::Duration most,
                           const std::stop_token& stop = {});

 private:
  struct Wire;
  std::unique_ptr<Wire> wire_;
};

}  // namespace sluice::source
