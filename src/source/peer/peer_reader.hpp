#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "core/position.hpp"
#include "flow/time.hpp"
#include "source/stream_batch.hpp"

namespace sluice::source {

/// What an instance asks of another one's feed.
struct PeerRequest {
  std::string identity;  ///< of the readers' streams and rules; see FeedFilter::identity()
  int shard_count = 1;
  std::vector<int> shards = {0};  ///< ascending
  Position after;
  bool caught_up = false;  ///< the reader has seen all there was a moment ago
};

/// Reads the answers of another instance's feed. Blocks; used by one thread at a time.
class PeerReader {
 public:
  PeerReader() = default;
  PeerReader(const PeerReader&) = delete;
  PeerReader& operator=(const PeerReader&) = delete;
  virtual ~PeerReader() = default;

  /// The instance, for messages.
  virtual std::string name() const = 0;
  /// Returns what went wrong, or "". May be called on another thread than the rest.
  virtual std::string connect(const std::stop_token& stop) = 0;
  /// Begins after a position. Returns why that is not possible, or "".
  virtual std::string open(const PeerRequest& request) = 0;
  /// The next batch, of about `events` events at most; empty if none came within `wait`. Null, and `why`, if
  /// there will be no more: the reader then has to read by itself.
  virtual std::unique_ptr<StreamBatch> next(std::size_t events, flow::Duration wait, std::string& why) = 0;
};

/// Readers of the instances whose feeds of these streams may be read now, the most suitable first. Any thread
/// may call it.
using FindPeers =
    std::function<std::vector<std::unique_ptr<PeerReader>>(const std::set<std::string>& streams)>;

}  // namespace sluice::source
