#pragma once

#include "sluice/bson.hpp"

/// What MongoDB can store, and where.
namespace sluice::bson {

/// A document with more levels cannot be stored; a flat one has one.
inline constexpr int max_levels = 180;

/// Whether a value can be the _id of a document. Arrays, regular expressions and undefined cannot, and
/// neither can a document with a name that begins with $, at any depth, unless it is a DBRef ({$ref, $id,
/// $db}).
bool can_be_id(const Value& value);

/// How deep documents and arrays nest in `document`. Stops counting at `limit`.
int levels_of(View document, int limit);

/// Whether an update with $set would take the names for something else: {"a.b": 1} for a path, an empty name
/// for an error, {"$x": 1} for an operator. Looks at the first level; below it, a name is only a name.
bool has_odd_names(View document);

/// Whether an insert would change the document: the server replaces Timestamp(0, 0) at the first level with
/// its own time.
bool has_empty_timestamps(View document);

}  // namespace sluice::bson
