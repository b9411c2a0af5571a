#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/position.hpp"
#include "flow/budget_pool.hpp"
#include "source/feed/feed_filter.hpp"
#include "source/stream_batch.hpp"

namespace sluice::source {

/// What a feed finds out about an event once, for all its readers. The views point into the answer.
struct EventMark {
  std::string_view place;  ///< ChangeEvent::token_data, by which events are ordered
  std::string_view collection;
  std::uint64_t hash = 0;    ///< of the document's id; 0 if the readers do not divide the documents
  bool of_document = false;  ///< a change of a document, not of a collection or a database
};

/// An answer of a feed's cursor. All readers share it, and it is immutable.
struct FeedBatch {
  StreamBatch answer;
  std::vector<EventMark> marks;              ///< one for each event of the answer
  std::shared_ptr<const FeedFilter> filter;  ///< with which the answer was read
  std::string begin;                         ///< `_data` of the position that the answer continues from
  Position end;                              ///< the position after it
  bool full = false;        ///< it has as many events as were asked for, so more follow at once
  flow::PoolCharge memory;  ///< what the process is charged for it, until its last reader lets it go

  /// In how many queues it is, and the bytes in queues, which it is part of while there is at least one.
  mutable std::atomic<int> queued{0};
  std::shared_ptr<std::atomic<std::int64_t>> bytes_queued;
};

}  // namespace sluice::source
