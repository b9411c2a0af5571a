#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/rule.hpp"

namespace sluice::rules {

/// What a rule writes to one collection.
struct OwnWrite {
  std::string collection;
  bool inserts = false;
  bool updates = false;
  bool deletes = false;
  std::vector<std::string>
      fields;  ///< the fields that an update sets, in the notation of subscriptions; empty: any
};
std::vector<OwnWrite> writes_of(const Rule& rule);

/// A rule, its name in messages, and the database that it reads and writes.
struct PlacedRule {
  std::string name;      ///< `stream/rule`
  std::string database;  ///< equal for two rules if they use the same database of the same cluster
  const Rule* rule;
};

/// One rule's writes trigger another rule, or the same one.
struct SetOff {
  std::string writer;
  std::string reader;
  std::string collection;
  std::vector<std::string> operations;  ///< insert, update, delete
  std::vector<std::string> fields;      ///< fields that an update sets and the reader reads; empty: not known
  bool any_field = false;               ///< the update sets fields that the settings do not name
  bool conditional = false;  ///< the reader has a `where` or `when`, which may exclude these changes
  /// Whether the reader is a publishing rule, and so can ignore these changes: `own_writes: ignore`.
  bool may_ignore = false;

  /// A description of the writes: `orders (update of customerName)`.
  std::string text() const;
};

/// All pairs, in the order of the rules. They follow from what rules write and read; conditions are not
/// evaluated, so a condition that excludes all such changes is not recognised. Rules that ignore own writes
/// are never triggered.
std::vector<SetOff> set_offs(const std::vector<PlacedRule>& rules);

/// Cycles of rules that trigger each other, and rules that trigger themselves. Each rule that is part of a
/// cycle appears in at least one; short cycles come first.
struct Loop {
  std::vector<std::string> rules;
  bool comes_to_rest = false;  ///< all of them keep copies or counters, which are only written where they are
                               ///< wrong, so the cycle ends
};
std::vector<Loop> loops(const std::vector<PlacedRule>& rules, const std::vector<SetOff>& all);

}  // namespace sluice::rules
