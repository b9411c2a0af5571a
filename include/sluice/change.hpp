#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/bson.hpp"
#include "sluice/event.hpp"

namespace sluice {

/// A moment of the server's logical clock, as in an event's `clusterTime`.
struct ClusterTime {
  std::uint32_t seconds = 0;    ///< since the Unix epoch
  std::uint32_t increment = 0;  ///< orders what happened within one second

  friend auto operator<=>(const ClusterTime&, const ClusterTime&) = default;
};

/// One change of a document, as a handler gets it (sluice/handler.hpp).
///
/// Ownership: a Change owns the bytes of its event, and its copies share them. Every view that it gives is
/// valid as long as one of them lives; in a handler that takes its Change by value that is until the
/// coroutine returns. Copying costs a reference count.
///
/// Threads: all functions are const and may be called from several threads, but for value_after(), which
/// builds its answer in memory that all copies share.
///
/// Errors: nothing here throws, except std::bad_alloc. What an event does not have is absent: an empty view
/// or value, which is false as a condition.
class Change {
 public:
  struct Body;
  /// Changes are made by the library.
  explicit Change(std::shared_ptr<const Body> body);

  Operation operation() const;
  /// The namespace, in its two parts. The collection is empty where a whole database was dropped.
  std::string_view database() const;
  std::string_view collection() const;
  /// The document's _id; absent for a drop or rename.
  bson::Value id() const;
  /// `documentKey`: the _id, and in a sharded collection the fields of the shard key.
  bson::View key() const;

  /// The document before the change. Absent unless HandlerOptions::before asks for it, and for inserts.
  bson::View before() const;
  /// The document after the change: of inserts and replaces always, of updates only where
  /// HandlerOptions::after asks for it, and absent where it is gone by then. Absent for deletes.
  bson::View after() const;

  /// Of an update, {path: new value} of what was set, as the server says it: `{"status": "paid"}`,
  /// `{"address.city": "Bonn"}`.
  bson::View updated() const;
  /// Of an update, the list of paths that were removed: `["coupon"]`.
  bson::View removed() const;
  /// Of an update, [{field, newSize}] of the arrays that were cut.
  bson::View truncated() const;
  /// Whether an update changed the value at `path`, anything in it, or anything that holds it. True for every
  /// other operation. `items[].price` means the price in any element of items.
  bool touches(std::string_view path) const;

  /// The value at `path` at the very moment of the change: computed from before() and what the update set,
  /// where a look-up may give a newer one. Needs HandlerOptions::before for updates. Nothing where it cannot
  /// be told; an absent value where the document has no such field.
  std::optional<bson::Value> value_after(std::string_view path) const;

  /// The same each time that this change is handed out to the handler, and of no other change: what a handler
  /// passes on to servers that drop duplicates. `<handler's name>-<resume token>`.
  std::string_view idempotency_key() const;
  /// The resume token, a document; its `_data` orders the changes of one stream.
  bson::View resume_token() const;
  ClusterTime cluster_time() const;
  /// The server's wall clock, in milliseconds; the epoch where the server does not tell it (before 6.0).
  std::chrono::system_clock::time_point wall_time() const;
  /// 1 when this change is handed out for the first time by this process, 2 after one failure, and so on.
  int attempt() const;

  /// False for a change that was too large for the server to send whole (16 MiB): documents and descriptions
  /// then hold only the fields that HandlerOptions::fields names.
  bool complete() const;
  /// The whole event, for what has no function here.
  bson::View event() const;

 private:
  std::shared_ptr<const Body> body_;
};

}  // namespace sluice
