#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "flow/keyed_order.hpp"

namespace sluice::sinks::aws {

/// A message that is to be sent.
struct Outgoing {
  std::uint64_t group = 0;  ///< messages with one group keep their order
  std::size_t target = 0;   ///< messages of one request have one target
  std::size_t bytes = 0;    ///< what counts for the limit of a request
  bool alone = false;       ///< must be sent in a request of its own
};

/// Limits of one request.
struct RequestLimits {
  std::size_t entries = 10;
  std::size_t bytes = std::size_t{1} << 20;
};

/// Decides which messages of a batch share a request, and which may be in flight. No I/O.
///
/// Of each group one message at most is in flight: a service may accept some entries of a request and refuse
/// others, so of two messages of one group the second could be stored without the first. Behind a message
/// that is not acknowledged, none of its group is sent; other groups go on.
class Flight {
 public:
  /// The places of a request's messages in the batch. All have one target, and each a group of its own.
  using Places = std::vector<std::size_t>;

  /// `messages` must outlive it.
  Flight(std::span<const Outgoing> messages, RequestLimits limits);

  /// The next request that may be sent now; nothing if none may. A message that exceeds the limit in bytes is
  /// sent in a request of its own: whether it is too large is for the service to say.
  std::optional<Places> next();

  /// The service stored the message: the next one of its group may be sent.
  void acknowledged(std::size_t place);
  /// The message was not stored, or it is not known whether it was. None of its group follows.
  void failed(std::size_t place);

  std::size_t in_flight() const { return in_flight_; }
  std::size_t acknowledged() const { return acknowledged_; }
  /// All messages are acknowledged.
  bool whole() const { return acknowledged_ == messages_.size(); }

 private:
  std::span<const Outgoing> messages_;
  RequestLimits limits_;
  flow::KeyedOrder order_;
  std::vector<std::deque<std::size_t>> ready_;  ///< by target: messages that may be sent
  std::size_t in_flight_ = 0;
  std::size_t acknowledged_ = 0;
};

}  // namespace sluice::sinks::aws
