#pragma once

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>

namespace sluice::sinks::kafka {

/// How the producer may put messages together.
struct Batching {
  bool one_by_one = false;     ///< one message in each request
  std::size_t most_bytes = 0;  ///< of the messages in one request; 0: as configured

  friend bool operator==(const Batching&, const Batching&) = default;
};

/// Finds out which message a broker refuses. A broker accepts or refuses all messages of a partition in one
/// request together: one may be too large or invalid, or all of them together are too large for the topic,
/// because librdkafka does not divide a request. So after a refusal messages are sent one by one until the
/// lanes concerned are done. If none of them was refused alone, requests become smaller from then on.
///
/// No I/O. Not thread-safe.
class BatchLimits {
 public:
  static constexpr std::size_t least_bytes = 16 * 1024;

  /// `configured`: librdkafka's batch.size.
  explicit BatchLimits(std::size_t configured) : bytes_(configured), configured_(configured) {}

  Batching now() const { return {!suspects_.empty(), bytes_ == configured_ ? 0 : bytes_}; }

  /// A broker refused the content of a request with messages of this lane, sent with this batching. True if
  /// the message was alone in its request, so that it is the one at fault.
  bool refused(const std::string& lane, const Batching& batching) {
    suspects_.insert(lane);
    guilty_ |= batching.one_by_one;
    return batching.one_by_one;
  }

  /// All messages of a batch of this lane are stored.
  void committed(const std::string& lane, const Batching& batching) {
    if (!batching.one_by_one || suspects_.erase(lane) == 0 || !suspects_.empty()) return;
    if (!guilty_) bytes_ = std::max(std::min(least_bytes, configured_), bytes_ / 2);
    guilty_ = false;
  }

 private:
  std::set<std::string> suspects_;  ///< lanes with messages in a refused request
  bool guilty_ = false;             ///< a message was refused alone
  std::size_t bytes_;
  std::size_t configured_;
};

}  // namespace sluice::sinks::kafka
