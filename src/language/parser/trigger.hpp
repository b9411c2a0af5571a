#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "language/error.hpp"

namespace sluice::language {

/// The maximum length of the text of triggers.
inline constexpr std::size_t most_trigger_bytes = 256 << 10;

/// A field and the expression for its value, as written.
using Assignments = std::vector<std::pair<std::string, std::string>>;

/// INSERT, UPSERT, UPDATE and DELETE.
struct WriteAction {
  std::string mode;  ///< insert, upsert, update or delete
  std::string into;
  std::string id;  ///< an expression; "" if the server makes the id
  Assignments values;
  std::string document = {};  ///< NEW or OLD, to write the whole document instead of `values`
};

/// CALL
struct CallAction {
  std::string method;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::string> body;  ///< a template
  Assignments values;               ///< or the fields of a body
};

/// DROP KEY
struct DropKeysAction {
  std::vector<std::string> keys;
};

/// PUBLISH TO
struct PublishAction {
  std::string subject;
  std::string stream;  ///< the JetStream stream; "" if none is given
};

using Action = std::variant<WriteAction, CallAction, DropKeysAction, PublishAction>;

struct Trigger {
  std::string name;
  bool or_replace = false;
  bool on_insert = false;
  bool on_update = false;  ///< also replace
  bool on_delete = false;
  std::vector<std::string> fields;  ///< the fields that an update must touch; empty: any
  std::string stream;               ///< "" if none is given
  std::string collection;
  std::string when;  ///< an expression as written, or ""
  bool ignores_own = false;
  Action action;
};

struct DropTrigger {
  std::string name;
};

using Statement = std::variant<Trigger, DropTrigger>;

/// Reads one statement:
///
///     CREATE [OR REPLACE] TRIGGER name
///       AFTER INSERT | UPDATE [OF field, ..] | DELETE [OR ..] ON [stream.]collection
///       [WHEN condition] [IGNORE OWN WRITES] DO action [;]
///     DROP TRIGGER name [;]
///
/// where the action is one of
///
///     INSERT INTO collection [ID value] (field, ..) VALUES (value, ..)
///     UPSERT INTO collection ID value (field, ..) VALUES (value, ..)
///     UPDATE collection SET field = value, .. WHERE ID = value
///     DELETE FROM collection WHERE ID = value
///     CALL [GET|POST|PUT|PATCH|DELETE] 'url' [HEADER 'name' = 'text'].. [BODY 'text' | BODY (field, ..)
///     VALUES (value, ..)] DROP KEY 'key', ..
///     PUBLISH TO 'subject' [STREAM 'name']
///
/// Conditions and values are compiled to detect errors, but kept as written. Throws LanguageError with line
/// and column.
Statement parse_statement(std::string_view text);

/// Reads several statements, separated by `;`.
std::vector<Statement> parse_statements(std::string_view text);

/// The trigger as a YAML rule, as it would be written under `rules:` (without the dash). The stream is not
/// part of it.
std::string rule_yaml(const Trigger& trigger);

}  // namespace sluice::language
