#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/position.hpp"
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
  std::size_t size = 0;               ///< how many bytes its events have
  /// Other readers have the same bytes, for which the process is charged once, as long as `owner` exists.
  bool shared = false;
  std::int64_t expected = 0;  ///< Budget::add(): what rules are expected to make of it
  std::vector<bson::View> events;
  /// Which events are changes that this pipeline made; empty if that was not asked for, or none can be.
  std::vector<bool> own;
  bson::View resume_token;  ///< the stream's position behind this batch; absent: in the midst of an event
  /// Added to the numbers of the reader's subscriptions in `sluiceWants`: a shared stream has several
  /// readers'.
  std::int64_t first_number = 0;
  bool token_of_event = false;  ///< resume_token is an event's own, whether or not that event is in the batch
  /// The cluster time of resume_token if it is an event's own that is not in the batch; otherwise 0.
  std::uint64_t token_time = 0;
  std::uint64_t operation_time = 0;  ///< the server's clock when it answered
  std::function<void()> on_done;  ///< if set: called when the whole batch is resolved, on the stream's strand
};

/// The bytes of a batch that its reader's budget is charged for.
inline std::int64_t charged_of(const StreamBatch& batch) {
  return batch.shared ? 0 : static_cast<std::int64_t>(batch.size);
}

/// The position after a batch: that of its last event or, if it is empty, how far the server has searched.
/// (The server's clock is not that position while it searches a long stretch of changes that the filter
/// drops.) The batch must have events or a resume token.
Position end_of(const StreamBatch& batch);

/// A batch without events that ends at this position. `operation_time`: the server's clock, as far as it is
/// known.
std::unique_ptr<StreamBatch> empty_batch(const Position& at, std::uint64_t operation_time);

/// Whether its last event says that the watched database was dropped.
bool ends_in_invalidate(const StreamBatch& batch);

}  // namespace sluice::source
