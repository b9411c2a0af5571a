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
/// Ownership: a Change owns the bytes of its event, and its copies share them. Every view that it returns is
/// valid as long as one of these copies lives. In a handler that takes its Change by value, that is until the
/// coroutine returns. Copying only counts a reference.
///
/// Threads: all functions are const and may be called from several threads at once, except value_after(),
/// which builds its result in memory that all copies share.
///
/// Errors: nothing here throws, except std::bad_alloc. What an event does not have is returned as an absent
/// view or value, which converts to false.
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
  /// The document after the change. Inserts and replaces always have it. Updates have it only if
  /// HandlerOptions::after asks for it; after a look-up it is absent if the document was deleted in the
  /// meantime. Deletes do not have it.
  bson::View after() const;

  /// For an update: the fields that were set, as {path: new value} in the server's notation, such as
  /// {"status": "paid"} or {"address.city": "Bonn"}.
  bson::View updated() const;
  /// For an update: the list of paths that were removed: `["coupon"]`.
  bson::View removed() const;
  /// For an update: [{field, newSize}] for the arrays that were truncated.
  bson::View truncated() const;
  /// Whether an update changed the value at `path`, anything inside it, or anything that contains it. True
  /// for every other operation. `items[].price` means the price in any element of items.
  bool touches(std::string_view path) const;

  /// The value at `path` exactly as the change left it, computed from before() and what the update set. (A
  /// look-up may return a newer value.) Updates need HandlerOptions::before for it. nullopt if the value
  /// cannot be known; an absent value if the document has no such field.
  std::optional<bson::Value> value_after(std::string_view path) const;

  /// A key that is the same each time this change is handed out, and that no other change has. A handler can
  /// pass it on to servers that drop duplicates. Its form is `<handler's name>-<resume token>`.
  std::string_view idempotency_key() const;
  /// The resume token, a document; its `_data` orders the changes of one stream.
  bson::View resume_token() const;
  ClusterTime cluster_time() const;
  /// The server's wall clock at the change, to the millisecond; the epoch if the server does not send it
  /// (before 6.0).
  std::chrono::system_clock::time_point wall_time() const;
  /// 1 when this change is handed out for the first time by this process, 2 after one failure, and so on.
  int attempt() const;

  /// False for a change that was too large for the server to send whole (16 MiB): documents and descriptions
  /// then hold only the fields that HandlerOptions::fields names.
  bool complete() const;
  /// The whole event, for parts that have no function here.
  bson::View event() const;

 private:
  std::shared_ptr<const Body> body_;
};

}  // namespace sluice
