#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/rule.hpp"
#include "source/numbered_subscriptions.hpp"
#include "source/stream_wants.hpp"

namespace sluice::requirements {

/// Whether an event says that the stream, or a collection it watches, no longer exists.
inline bool ends_stream(Operation operation) {
  return operation == Operation::drop || operation == Operation::rename ||
         operation == Operation::drop_database || operation == Operation::invalidate;
}

inline constexpr std::int32_t missing_image_code = 47;  ///< the server's NoMatchingDocument
inline constexpr const char* missing_before =
    "the rule requires the document as it was before the change, but the server has no pre-image: make sure "
    "that changeStreamPreAndPostImages is on and that images are kept for longer than the worker may lag";
inline constexpr const char* missing_after =
    "the rule requires the document as the update left it, but the server has no post-image: make sure that "
    "changeStreamPreAndPostImages is on and that images are kept for longer than the worker may lag";

inline constexpr std::int32_t failed_expression_code = 2;  ///< the server's BadValue
inline constexpr const char* failed_expression =
    "the rule's expressions ('where', 'when' or its values) failed on this event, so it is not known whether "
    "the rule applies to it; write them so that they never fail, such as {$ifNull: "
    "[$fullDocument.tags, []]} for a field that may be "
    "missing";

/// The name by which a subscription watches the collection that an event of a whole collection is about; ""
/// if the event is about the whole database; nothing if the subscription does not watch it.
std::optional<std::string_view> watched_name(const Subscription& one, const ChangeEvent& event);

/// The rules of a stream by the collections that they read. Which patterns match a collection is determined
/// at the collection's first event, and remembered. Used by one thread.
class RuleTable {
 public:
  /// The most collections that are remembered; beyond that the table starts again.
  static constexpr std::size_t most_known = 10'000;

  /// `rules` must outlive the table.
  explicit RuleTable(const std::vector<std::unique_ptr<Rule>>& rules) {
    for (source::NumberedSubscription& one : source::number_subscriptions(rules)) {
      const std::int64_t number = one.number.value_or(not_judged);
      asked_.push_back({rules[one.rule].get(), one.rule, std::move(one.subscription), number});
    }
    know_named();
  }

  /// Appends the effects that the rules make of an event, each with the index of its rule. Values that have
  /// to be made live in `arena`. Events that are not changes of a document (an index was created, a
  /// collection was sharded; servers may send further kinds) are for no rule.
  void apply(const ChangeEvent& event, std::vector<Effect>& effects, Arena& arena) {
    if (event.operation == Operation::other || ends_stream(event.operation)) return;
    const Readers& readers = readers_of(event.collection);
    if (readers.empty()) return;
    Effects out(effects, arena);
    for (const Reader& reader : readers) {
      const std::size_t before = effects.size();
      if (event.operation == Operation::snapshot) {
        if (event.snapshot_rule == reader.index) reader.rule->apply(event, out);
      } else if (reader.exact.empty()) {
        apply(*reader.rule, event, out);
      } else {
        apply_exactly(reader, event, out);
      }
      for (std::size_t i = before; i < effects.size(); ++i) effects[i].rule = reader.index;
    }
  }

  /// The rules that a change of a whole collection, or of the database, concerns.
  struct Concerned {
    std::string collection;  ///< the watched collection; empty for the database
    bool any = false;
    bool keeps_state = false;         ///< one of them keeps state
    std::vector<const Rule*> untold;  ///< the rules that do not handle such a change
  };

  /// Handles a drop, rename, drop_database or invalidate. If `tell`, appends the effects of the rules that
  /// handle such a change to `effects`, as apply() does. Forgets what was known of the collections.
  Concerned change_collection(const ChangeEvent& event, bool tell, std::vector<Effect>& effects,
                              Arena& arena);

  /// How many collections are remembered.
  std::size_t known() const { return by_collection_.size(); }

  /// Collections that appeared since the last call and on which a rule needs images: patterns were found to
  /// match them, or they had been dropped before.
  std::vector<std::string> take_found() { return std::exchange(found_, {}); }

 private:
  static constexpr std::int64_t not_judged = -1;

  struct Exact {
    Subscription subscription;
    std::int64_t number;  ///< its number, if the server decides which events it is for
  };
  struct Reader {
    const Rule* rule;
    std::uint16_t index;
    std::vector<Exact> exact;  ///< the rule's exact subscriptions; empty: it gets every event
  };
  using Readers = std::vector<Reader>;
  struct Asked {
    const Rule* rule;
    std::uint16_t index;
    Subscription subscription;
    std::int64_t number;
  };

  const Readers& readers_of(std::string_view collection) {
    const auto known = by_collection_.find(collection);
    if (known != by_collection_.end()) return known->second;
    if (by_collection_.size() >= most_known) {
      by_collection_.clear();
      know_named();
    }
    return know(std::string(collection), true);
  }
  void forget(const ChangeEvent& event);

  void know_named() {
    for (const Asked& one : asked_) {
      const std::string& name = one.subscription.collection;
      if (!one.subscription.set && !by_collection_.contains(name)) know(name, false);
    }
  }

  /// Remembers who reads a collection. `seen`: because an event of it came, and not at the start.
  const Readers& know(const std::string& collection, bool seen) {
    Readers readers;
    bool found = false;
    for (const Asked& one : asked_) {
      if (!one.subscription.reads(collection)) continue;
      if (readers.empty() || readers.back().index != one.index) readers.push_back({one.rule, one.index, {}});
      if (one.subscription.exact) readers.back().exact.push_back({one.subscription, one.number});
      found |= seen && one.subscription.needs_images();
    }
    if (found) found_.push_back(collection);
    return by_collection_.insert_or_assign(collection, std::move(readers)).first->second;
  }

  static bool operation_wanted(const Subscription& one, Operation operation) {
    return operation == Operation::update    ? one.updates && (one.any_field || !one.fields.empty())
           : operation == Operation::remove  ? one.deletes
           : operation == Operation::replace ? one.replaces
                                             : one.inserts;
  }

  /// Whether a rule subscribed to the event's operation. (For a whole event the rule checks this itself.)
  static bool asked_for(const Rule& rule, const ChangeEvent& event) {
    for (const Subscription& one : rule.subscriptions()) {
      if (one.reads(event.collection) && operation_wanted(one, event.operation)) return true;
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

  /// `number`: of a subscription, or unjudged(). A stream that several readers share has the numbers of all
  /// their subscriptions, one reader's behind another's.
  static bool named(const ChangeEvent& event, std::int64_t number) {
    number += number < 0 ? -event.first_number : event.first_number;
    for (const auto& [index, one] : event.wants) {
      if (one.integer() == number) return true;
    }
    return false;
  }

  static bool unjudged(const Exact& exact, const ChangeEvent& event) {
    return exact.number != not_judged && named(event, source::unjudged(exact.number));
  }

  /// Whether an event is for the subscription. If only its key was sent, the touched fields are not known, so
  /// it may be.
  static bool is_for(const Exact& exact, const ChangeEvent& event) {
    if (exact.number != not_judged) return named(event, exact.number) || unjudged(exact, event);
    const Subscription& one = exact.subscription;
    if (!operation_wanted(one, event.operation)) return false;
    if (event.operation != Operation::update || one.any_field || event.detail == Detail::key_only)
      return true;
    for (const std::string& field : one.fields) {
      if (event.update.touches(field)) return true;
    }
    return false;
  }

  /// Why an event that is for the rule cannot be passed to it, or nullptr.
  static const char* lack(const Subscription& one, const ChangeEvent& event) {
    if (event.operation == Operation::insert) return nullptr;
    if (one.before == BeforeImage::required && !event.before) return missing_before;
    const bool update = event.operation == Operation::update;
    return update && one.full_document == FullDocument::required && !event.full_document ? missing_after
                                                                                         : nullptr;
  }

  static void apply_exactly(const Reader& reader, const ChangeEvent& event, Effects& out) {
    for (const Exact& exact : reader.exact) {
      if (event.own && exact.subscription.ignores_own) continue;
      if (!is_for(exact, event)) continue;
      if (unjudged(exact, event)) {
        out.add(Reject{failed_expression_code, failed_expression}, bson::Identity(event.id).hash(0));
      } else if (event.detail != Detail::whole) {
        reader.rule->apply_key_only(event, out);
      } else if (const char* why = lack(exact.subscription, event)) {
        out.add(Reject{missing_image_code, why}, bson::Identity(event.id).hash(0));
      } else {
        reader.rule->apply(event, out);
      }
      return;
    }
  }

  std::vector<Asked> asked_;
  std::map<std::string, Readers, std::less<>> by_collection_;
  std::vector<std::string> found_;
};

}  // namespace sluice::requirements
