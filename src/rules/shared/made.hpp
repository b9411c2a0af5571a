#pragma once

#include <string>
#include <utility>
#include <vector>

#include "language/compiled.hpp"
#include "sluice/rule.hpp"
#include "sluice/settings.hpp"

namespace sluice::rules {

/// Throws if a setting is a number, true or false, which would otherwise be an expression with that value.
/// `wanted` says what it has to be.
void refuse_constant(const Settings& settings, std::string_view key, std::string_view wanted);

/// The condition in a setting, as text or as data (src/language). Throws ConfigError at its place.
language::Compiled read_condition(const Settings& settings, std::string_view key);

/// Makes the subscription require the images that an expression reads, unless the settings state the images
/// themselves. Stored images are exact for the moment of the event.
void ask_for_images(const Settings& settings, const language::Compiled& compiled, Subscription& out);

/// The values that the server computes from each event for one rule and sends along with it. Each value has a
/// name, called its part.
class Made {
 public:
  explicit Made(const std::string& rule);

  /// Adds the value of a setting: an expression as text, or a map of expressions.
  void add(const Settings& settings, std::string_view key, const std::string& part);

  /// Whether a part is a whole unchanged document: NEW or OLD, or whichever of them exists.
  bool is_whole(const std::string& part) const;

  /// Whether a part is null for an event without the document after the change.
  bool needs_after(const std::string& part) const;
  void ask_for(const Settings& settings, std::vector<Subscription>& subscriptions) const;

  /// The value of a part; absent if the server sent none. Texts that the server sent in parts are joined, in
  /// memory of `arena`.
  bson::Value value(const ChangeEvent& event, std::string_view part, Arena& arena) const;

 private:
  std::string name_;
  std::vector<std::pair<std::string, language::Compiled>> parts_;
};

/// Whether different documents can have the same value of the expression under `key`. False if there is no
/// such setting.
bool is_shared(const Settings& settings, std::string_view key);

/// Returns `key` if its value orders changes of different documents: they can have the same value, and
/// `order: document` is not set. Otherwise null.
const char* orders_documents(const Settings& settings, const char* key);

/// Refuses an `order_by` that has no value for deletes, which would then overtake earlier changes.
void check_order(const Settings& settings, const Made& made, const std::vector<Subscription>& subscriptions);

/// An ObjectId derived from the event and the rule: the same each time the event is read, and different for
/// each rule.
bson::Value id_of_event(const ChangeEvent& event, const std::string& rule, Arena& arena);

/// {`name`: `json`} as BSON. Throws ConfigError at `key` if `json` is not valid.
std::vector<std::uint8_t> bson_of(const Settings& settings, std::string_view key, const std::string& name,
                                  const std::string& json);

}  // namespace sluice::rules
