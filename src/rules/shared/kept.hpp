#pragma once

#include "bson/storable.hpp"
#include "sluice/arena.hpp"
#include "sluice/bson_builder.hpp"

/// Copies documents that rules make into the memory of the event's batch.
namespace sluice::rules {

inline bson::View kept(bson::View made, Arena& arena) {
  const auto bytes = arena.keep({made.data(), made.size()});
  return {bytes.data(), bytes.size()};
}

/// A document with only the fields for whose names `keeps` returns true.
template <typename Keeps>
bson::View fields_of(bson::View document, Arena& arena, Keeps keeps) {
  bson::Builder copy;
  for (const auto& [name, value] : document) {
    if (keeps(name)) copy.append(name, value);
  }
  return kept(copy.finish(), arena);
}

/// Whether the value can be the id of a document or an aggregate. Null cannot: it stands for a missing value.
inline bool is_usable_id(const bson::Value& value) {
  return !value.is_null() && bson::can_be_id(value);
}

}  // namespace sluice::rules
