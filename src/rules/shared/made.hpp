#pragma once

#include <string>
#include <utility>
#include <vector>

#include "language/compiled.hpp"
#include "sluice/rule.hpp"
#include "sluice/settings.hpp"

namespace sluice::rules {

/// Rejects a setting that is a number, true or false, because it would be taken for an expression with that
/// value. `wanted`: what the setting has to be.
void refuse_constant(const Settings& settings, std::string_view key, std::string_view wanted);

/// Compiles the condition in a setting, written as text or as data (src/language). Throws ConfigError at its
/// place.
language::Compiled read_condition(const Settings& settings, std::string_view key);

/// Subscribes to the images that an expression reads, unless the settings already say which images to use. It
/// asks for images that the server stored, because only those are exact for the moment of the event.
void ask_for_images(const Settings& settings, const language::Compiled& compiled, Subscription& out);

/// The values that the server computes of an event for one rule and sends with it.
class Made {
 public:
  explicit Made(const std::string& rule);

  /// A value: an expression written as text, or a document whose fields are expressions.
  void add(const Settings& settings, std::string_view key, const std::string& part);

  /// Whether a value is a whole, unchanged document: NEW or OLD, or the first of them that exists.
  bool is_whole(const std::string& part) const;

  /// Whether a value is null for an event without the document after the change.
  bool needs_after(const std::string& part) const;
  void ask_for(const Settings& settings, std::vector<Subscription>& subscriptions) const;

  /// Absent if the server did not compute it. Texts that the server sent in parts are joined in `arena`.
  bson::Value value(const ChangeEvent& event, std::string_view part, Arena& arena) const;

 private:
  std::string name_;
  std::vector<std::pair<std::string, language::Compiled>> parts_;
};

/// Whether different documents can have the same value of the expression in the setting `key`. False without
/// that setting.
bool is_shared(const Settings& settings, std::string_view key);

/// `key`, if different documents can have the same value and `order: document` does not say that their order
/// is unimportant; otherwise null.
const char* orders_documents(const Settings& settings, const char* key);

/// Rejects an `order_by` that has no value for deletes, because they would overtake earlier changes.
void check_order(const Settings& settings, const Made& made, const std::vector<Subscription>& subscriptions);

/// An id in the form of an ObjectId. It is the same whenever the event is read again, and differs for each
/// rule.
bson::Value id_of_event(const ChangeEvent& event, const std::string& rule, Arena& arena);

/// {`name`: `json`} as BSON. Throws ConfigError at `key` if it cannot be parsed.
std::vector<std::uint8_t> bson_of(const Settings& settings, std::string_view key, const std::string& name,
                                  const std::string& json);

}  // namespace sluice::rules
