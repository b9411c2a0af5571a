#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/rule.hpp"

namespace sluice::pipeline {

/// Something that happened to a whole collection that rules watch, or to the database.
struct CollectionChange {
  Operation operation = Operation::drop;  ///< drop, rename or drop_database
  std::string database;
  std::string collection = {};  ///< the watched one; empty for the database
  std::string other = {};       ///< of a rename: the other name
  bool came = false;            ///< of a rename: the other collection took the watched one's name
};

/// What the event did to `watched`, which it names as its collection or as the new name of one.
CollectionChange change_of(const ChangeEvent& event, std::string_view watched);

/// Such as "the collection shop.orders was dropped". That of $out is told as such, and not by the name of the
/// temporary collection that the server renames.
std::string in_words(const CollectionChange& change);

/// What the rules did about it that are not told of it, and what to do, as clauses behind in_words().
std::string without_effect(const CollectionChange& change, const std::vector<const Rule*>& rules);

}  // namespace sluice::pipeline
