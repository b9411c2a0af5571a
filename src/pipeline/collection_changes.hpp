#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/rule.hpp"

namespace sluice::pipeline {

/// A change of a whole collection that rules watch, or of the database.
struct CollectionChange {
  Operation operation = Operation::drop;  ///< drop, rename or drop_database
  std::string database;
  std::string collection = {};  ///< the watched collection; empty if the database was dropped
  std::string other = {};       ///< of a rename: the other name
  bool came = false;            ///< of a rename: the other collection took the watched name
};

/// Describes what the event did to `watched`, which is the event's collection or, of a rename, the new name.
CollectionChange change_of(const ChangeEvent& event, std::string_view watched);

/// A clause such as "the collection shop.orders was dropped". If $out replaced the collection, the clause
/// says so, and does not name the temporary collection that the server renamed.
std::string in_words(const CollectionChange& change);

/// Clauses to append to in_words(). They say, for each of `rules`, that it does not handle the change, and
/// what to do about it.
std::string without_effect(const CollectionChange& change, const std::vector<const Rule*>& rules);

}  // namespace sluice::pipeline
