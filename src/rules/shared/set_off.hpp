#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/rule.hpp"

namespace sluice::rules {

/// The writes of a rule to one collection.
struct OwnWrite {
  std::string collection;
  bool inserts = false;
  bool updates = false;
  bool deletes = false;
  std::vector<std::string> fields;  ///< paths that updates set, written as in subscriptions; empty: any
};
std::vector<OwnWrite> writes_of(const Rule& rule);

/// A rule with its name for messages, and the database that it reads and writes.
struct PlacedRule {
  std::string name;      ///< `stream/rule`
  std::string database;  ///< equal for two rules if they work on one database of one cluster
  const Rule* rule;
};

/// Writes of one rule that trigger another one, or the same one.
struct SetOff {
  std::string writer;
  std::string reader;
  std::string collection;
  std::vector<std::string> operations;  ///< insert, update, delete
  std::vector<std::string> fields;      ///< fields that updates set and the reader reads; empty: not known
  bool any_field = false;               ///< an update may set fields that the settings do not name
  bool conditional = false;             ///< the reader has a `where` or `when`, which may exclude them
  /// The reader maintains no data, so it may leave these changes out with `own_writes: ignore`.
  bool may_ignore = false;

  /// A text for messages: `orders (update of customerName)`.
  std::string text() const;
};

/// All pairs of rules of which one triggers the other, in the order of the rules. Considers only collections,
/// operations and fields, so a pair is reported even if the reader's condition never holds for such a change.
/// Nothing triggers a rule that leaves out own writes.
std::vector<SetOff> set_offs(const std::vector<PlacedRule>& rules);

/// Rules that trigger each other in a loop, or one that triggers itself. Each rule that is part of a loop is
/// named in one of them; short loops come first.
struct Loop {
  std::vector<std::string> rules;
  /// All of them maintain copies or counters, which are not written when they are correct already.
  bool comes_to_rest = false;
};
std::vector<Loop> loops(const std::vector<PlacedRule>& rules, const std::vector<SetOff>& all);

}  // namespace sluice::rules
