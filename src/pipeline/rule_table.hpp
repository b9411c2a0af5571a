#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sluice/rule.hpp"

namespace sluice::pipeline {

/// Whether an event says that the stream, or a collection it watches, is no more.
inline bool ends_stream(Operation operation) {
  return operation == Operation::drop || operation == Operation::rename ||
         operation == Operation::drop_database || operation == Operation::invalidate;
}

/// The rules of a stream by the collections that they read.
class RuleTable {
 public:
  /// `rules` must outlive the table.
  explicit RuleTable(const std::vector<std::unique_ptr<Rule>>& rules) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
      for (const Subscription& subscription : rules[i]->subscriptions()) {
        Readers& known = by_collection_[subscription.collection];
        if (known.empty() || known.back().index != i)
          known.push_back({rules[i].get(), static_cast<std::uint16_t>(i)});
      }
    }
  }

  /// Appends what the rules want done about an event, each effect with the index of its rule. Values that
  /// have to be made live in `scratch`. Operations that are no change of a document (an index made, a
  /// collection sharded: a server may tell of more of them than we know) concern nobody.
  void apply(const ChangeEvent& event, std::vector<Effect>& effects, Scratch& scratch) const {
    if (event.operation == Operation::other || ends_stream(event.operation)) return;
    const auto readers = by_collection_.find(event.collection);
    if (readers == by_collection_.end()) return;
    Effects out(effects, scratch);
    for (const Reader& reader : readers->second) {
      const std::size_t before = effects.size();
      apply(*reader.rule, event, out);
      for (std::size_t i = before; i < effects.size(); ++i) effects[i].rule = reader.index;
    }
  }

 private:
  struct Reader {
    const Rule* rule;
    std::uint16_t index;
  };
  using Readers = std::vector<Reader>;

  /// Whether a rule asked for such an operation. Of a whole event it finds out by itself.
  static bool asked_for(const Rule& rule, const ChangeEvent& event) {
    for (const Subscription& one : rule.subscriptions()) {
      if (one.collection != event.collection) continue;
      const bool asked = event.operation == Operation::update
                             ? one.updates && (one.any_field || !one.fields.empty())
                         : event.operation == Operation::remove  ? one.deletes
                         : event.operation == Operation::replace ? one.replaces
                                                                 : one.inserts;
      if (asked) return true;
    }
    return false;
  }

  static void apply(const Rule& rule, const ChangeEvent& event, Effects& out) {
    if (event.detail != Detail::key_only) {
      rule.apply(event, out);
    } else if (asked_for(rule, event)) {
      rule.apply_key_only(event, out);
    }
  }

  std::map<std::string, Readers, std::less<>> by_collection_;
};

}  // namespace sluice::pipeline
