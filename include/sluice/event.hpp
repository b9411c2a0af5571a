#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/bson.hpp"

namespace sluice {

/// What a change event is about.
enum class Operation : std::uint8_t {
  insert,
  update,
  replace,
  remove,  ///< `delete`
  drop,
  rename,
  snapshot,       ///< not a change: a document of a snapshot, as of this position in the stream
  drop_database,  ///< `dropDatabase`
  invalidate,
  other,  ///< one that the library does not know
};

/// The operation as the server names it, such as "delete"; "snapshot" for a snapshot.
std::string_view name_of(Operation operation);

/// How much of a change an event contains. It is less than the whole only if the whole event was too large
/// for the server to send (16 MB).
enum class Detail : std::uint8_t {
  whole,
  needed,    ///< of the documents and the update, only the fields that rules subscribed to
  key_only,  ///< only the operation and the document's key
};

/// What an update changed, as the server reports it. Parts that the event does not have are absent.
struct UpdateDescription {
  bson::View updated;        ///< {path: new value}
  bson::View removed;        ///< [path]
  bson::View truncated;      ///< [{field, newSize}]
  bson::View disambiguated;  ///< {path: [components]}; from server 7.0 on

  /// Whether the update changed the value at `path`, a part of it, or the value of a path above it.
  /// `items[].name` is the name in any element of items; a change to another field of an element does not
  /// touch it. Servers before 7.0 do not distinguish a path from a name with dots in it, so the answer may be
  /// true for a path that was not changed. It is never false for one that was.
  bool touches(std::string_view path) const;
};

/// One event of a change stream. Its views are valid during Rule::apply(), and effects may point to what they
/// show. Parts that the event does not have are absent.
struct ChangeEvent {
  Operation operation = Operation::other;
  Detail detail = Detail::whole;
  std::string_view database;
  std::string_view collection;
  bson::View document;  ///< the whole event, as the server sent it
  /// The document also holds fields of the library, whose names begin with "sluice".
  bool marked = false;
  bson::View token;  ///< the resume token: `_id` of the event
  /// `_data` of the token, which orders the events of a stream and is different for each. (Of an event that
  /// the server sent in fragments: the part that all its fragments share.)
  std::string_view token_data;
  bson::Value id;  ///< documentKey._id; absent for drop, rename, drop_database and invalidate
  /// The document after the change: of inserts and replaces, and of updates if Subscription::full_document
  /// asks for it.
  bson::View full_document;
  /// The document before the change, if Subscription::before asks for it and the server has it.
  bson::View before;
  UpdateDescription update;        ///< of an update
  std::uint64_t cluster_time = 0;  ///< seconds in the high 32 bits, increment in the low 32 bits
  std::int64_t wall_time_ms = 0;   ///< the server's clock at the change, in milliseconds since the epoch

  // For the library.

  std::int64_t snapshot_rule = -1;  ///< of a snapshot: the index of the rule that asked for it
  std::string_view snapshot_run;    ///< of a snapshot or a replay: its name
  std::uint64_t shard_hash = 0;  ///< IdHasher's of the id, while positions of another layout are valid
  bson::View wants;              ///< the numbers of the subscriptions whose `where` holds for the event
  std::int64_t first_number = 0;  ///< added to this stream's subscriptions' numbers in `wants`
  bson::View made;                ///< what the server computed for rules, by Subscription::made_name
  bool own = false;  ///< written by this pipeline; known only if a subscription has `ignores_own`
  /// With Detail::needed: the pre-image also has fields with dots in their names, which are not shown.
  bool dotted_names = false;
};

/// Parses an event. Its views point into `document`. Returns false if the document is not a change event.
bool parse_event(bson::View document, ChangeEvent& event);

/// The value at `path` after an update, computed from the pre-image and the update's description. Unlike a
/// look-up of the full document, it is exact for the moment of the event. Nothing if it cannot be known:
/// servers before 7.0 do not say whether a name in the description is a path or one name with dots in it, and
/// the pre-image may allow both.
/// Memory for values that had to be built (an element set inside an array) comes from `arena`.
class Arena;
std::optional<bson::Value> value_after(const ChangeEvent& event, std::string_view path, Arena& arena);

}  // namespace sluice
