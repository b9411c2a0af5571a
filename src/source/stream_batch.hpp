#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "mongo/client.hpp"
#include "sluice/bson.hpp"

namespace sluice::source {

/// The server's answer to one getMore, whole. Immutable once it is read, so several batches may share it.
struct Answer {
  mongo::Reply reply;
  std::vector<std::vector<std::uint8_t>> assembled;  ///< events that came in fragments

  std::size_t bytes() const {
    std::size_t sum = reply.document.get()->len;
    for (const auto& event : assembled) sum += event.size();
    return sum;
  }
};

/// Events of a stream in their order, as one reader gets them. The events are views; `owner` holds their
/// bytes.
struct StreamBatch {
  std::shared_ptr<const void> owner;  ///< may be shared with the batches of other readers
  std::size_t size = 0;               ///< how many bytes the reader's budget is charged for
  std::vector<bson::View> events;
  /// Which events are changes that this pipeline made; empty if that was not asked for, or none can be.
  std::vector<bool> own;
  bson::View resume_token;      ///< the stream's position behind this batch; absent: in the midst of an event
  bool token_of_event = false;  ///< resume_token is an event's own, whether or not that event is in the batch
  std::uint64_t operation_time = 0;  ///< the server's clock when it answered
  std::function<void()> on_done;  ///< if set: called when the whole batch is resolved, on the stream's strand
};

}  // namespace sluice::source
