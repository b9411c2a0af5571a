#pragma once

#include <string>
#include <utility>
#include <vector>

#include "language/compiled.hpp"
#include "sluice/rule.hpp"
#include "sluice/settings.hpp"

namespace sluice::rules {

/// Fails where a setting is a number, true or false, which would be taken for an expression of that value.
/// `wanted` says what it has to be.
void refuse_constant(const Settings& settings, std::string_view key, std::string_view wanted);

/// The condition that a setting states, as text or as data (src/language). Throws ConfigError at its place.
language::Compiled read_condition(const Settings& settings, std::string_view key);

/// Asks for the images that an expression reads, unless the settings say which there are to be: those that
/// the server kept are exact for the very moment of the event.
void ask_for_images(const Settings& settings, const language::Compiled& compiled, Subscription& out);

/// What the server makes of an event for one rule, part by part, and sends along with it.
class Made {
 public:
  explicit Made(const std::string& rule);

  /// The value of an expression, stated as text, or a document: a map of expressions.
  void add(const Settings& settings, std::string_view key, const std::string& part);

  /// Whether a part is a whole document as it stands: NEW or OLD, or the first of them that there is.
  bool is_whole(const std::string& part) const;

  /// Whether a part is null for an event without the document after the change.
  bool needs_after(const std::string& part) const;
  void ask_for(const Settings& settings, std::vector<Subscription>& subscriptions) const;

  /// Absent where the server made none. Texts are whole: what the server sent in parts is joined into
  /// `arena`.
  bson::Value value(const ChangeEvent& event, std::string_view part, Arena& arena) const;

 private:
  std::string name_;
  std::vector<std::pair<std::string, language::Compiled>> parts_;
};

/// Whether different documents can share the value of the expression under `key`. False where the key is not
/// stated.
bool is_shared(const Settings& settings, std::string_view key);

/// `key`, where different documents can share its value and `order: document` does not say that the order
/// among them is of no account; otherwise null.
const char* orders_documents(const Settings& settings, const char* key);

/// Refuses an `order_by` that deletes have none of: they would overtake what came before them.
void check_order(const Settings& settings, const Made& made, const std::vector<Subscription>& subscriptions);

/// An id that looks like the server's own and is the same whenever the event is read again; another one for
/// each rule.
bson::Value id_of_event(const ChangeEvent& event, const std::string& rule, Arena& arena);

/// {`name`: `json`} as BSON. Throws ConfigError at `key` where that cannot be read.
std::vector<std::uint8_t> bson_of(const Settings& settings, std::string_view key, const std::string& name,
                                  const std::string& json);

}  // namespace sluice::rules
