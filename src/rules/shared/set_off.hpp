#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/rule.hpp"

namespace sluice::rules {

/// What a rule does to one collection.
struct OwnWrite {
  std::string collection;
  bool inserts = false;
  bool updates = false;
  bool deletes = false;
  std::vector<std::string> fields;  ///< what an update sets, as subscriptions name fields; empty: any
};
std::vector<OwnWrite> writes_of(const Rule& rule);

/// A rule with the name that it is told by, and the database that it reads and writes.
struct PlacedRule {
  std::string name;      ///< `stream/rule`
  std::string database;  ///< the same for two rules if they work on one database of one cluster
  const Rule* rule;
};

/// The writes of one rule are changes that another one (or the same) reads.
struct SetOff {
  std::string writer;
  std::string reader;
  std::string collection;
  std::vector<std::string> operations;  ///< insert, update, delete
  std::vector<std::string> fields;      ///< that an update sets and the reader reads; empty: not known
  bool any_field = false;               ///< fields of an update that the settings do not name
  bool conditional = false;             ///< the reader has a `where` or `when`, which may leave them out
  /// The reader tells of changes (it keeps nothing true), and so may leave these out: `own_writes: ignore`.
  bool may_ignore = false;

  /// The writes, for people: `orders (update of customerName)`.
  std::string text() const;
};

/// All of them, in the order of the rules. Read off what rules write and read, so a condition that never
/// holds for such a change is not seen. Rules that leave out own writes are set off by none.
std::vector<SetOff> set_offs(const std::vector<PlacedRule>& rules);

/// Rules that set each other off in a circle, or one that sets itself off. Every rule that is part of a
/// circle is named in one; short circles come first.
struct Loop {
  std::vector<std::string> rules;
  bool comes_to_rest =
      false;  ///< all of them keep copies or counters, which are not written where they are true
};
std::vector<Loop> loops(const std::vector<PlacedRule>& rules, const std::vector<SetOff>& all);

}  // namespace sluice::rules
