#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/bson.hpp"

namespace sluice {

enum class Operation : std::uint8_t {
  insert,
  update,
  replace,
  remove,  ///< "delete" in the stream
  drop,
  rename,
  snapshot,  ///< no change: a document as it stands at this place of the stream
  drop_database,
  invalidate,
  other,
};

std::string_view name_of(Operation operation);

/// How much of a change an event tells. Less than all of it only where the whole was too large for the server
/// to send (16 MB).
enum class Detail : std::uint8_t {
  whole,
  needed,    ///< of the documents and of the update only the fields that rules subscribed to
  key_only,  ///< only what happened to which document
};

/// What an update changed, as the server reports it.
struct UpdateDescription {
  bson::View updated;        ///< {path: new value}
  bson::View removed;        ///< [path]
  bson::View truncated;      ///< [{field, newSize}]
  bson::View disambiguated;  ///< {path: [components]}, where the server sends it

  /// Whether the value at `path`, anything in it, or anything that holds it was changed. `items[].name` means
  /// the name in any element of items: a change to another field of an element does not touch it. Where the
  /// server does not tell a path from a name with dots in it, that name is taken for a path too: then an
  /// update may be said to touch what it does not, but never the other way round.
  bool touches(std::string_view path) const;
};

/// One event of a change stream: views into the batch it came with, valid until that batch is resolved.
struct ChangeEvent {
  Operation operation = Operation::other;
  Detail detail = Detail::whole;
  std::string_view database;
  std::string_view collection;
  bson::View document;  ///< the whole event
  bool marked =
      false;  ///< the document holds fields of ours beside the server's; their names begin with "sluice"
  bson::View token;  ///< the resume token, `_id` of the event
  /// What orders the events of one stream: the token's `_data`. (Of an event that came in fragments, the part
  /// that all its fragments share.)
  std::string_view token_data;
  bson::Value id;            ///< documentKey._id; absent for drop, rename, invalidate
  bson::View full_document;  ///< inserts and replaces; updates only where the stream asks for it
  bson::View before;         ///< the pre-image, where the stream asks for it and the server still has it
  UpdateDescription update;
  std::uint64_t cluster_time = 0;
  std::int64_t wall_time_ms = 0;
  std::int64_t snapshot_rule = -1;  ///< of a snapshot: the index of the rule that it is for
  std::string_view snapshot_run;    ///< and which of the rule's snapshots it belongs to
  std::uint64_t shard_hash =
      0;  ///< the server's hash of the id; only while an older shard layout is honoured
  bson::View
      wants;  ///< the numbers of the subscriptions that the server judged it to be for (source/stream_wants)
  bson::View made;  ///< what the server made for the rules, by Subscription::made_name
  /// Made by this pipeline, not by an application; only where a rule of the stream asks for it.
  bool own = false;
  /// With Detail::needed: the pre-image holds names with a dot in them, beside what is seen of it.
  bool dotted_names = false;
};

/// Reads the fields of an event out of its document. False when it is no change event (no token).
bool parse_event(bson::View document, ChangeEvent& event);

/// The value that `path` holds after an update, computed from the pre-image and the update's description:
/// exact for the very moment of the event, where a look-up of the full document would not be.
/// Nothing when that cannot be told: before 7.0 the server does not say whether a name in the description is
/// a path or one name with dots in it, and where the pre-image shows that both can be meant, nobody can know.
/// Memory for values that had to be built (an element set inside an array) comes from `arena`.
class Arena;
std::optional<bson::Value> value_after(const ChangeEvent& event, std::string_view path, Arena& arena);

}  // namespace sluice
