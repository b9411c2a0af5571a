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

/// The longest text of triggers that is parsed.
inline constexpr std::size_t most_trigger_bytes = 256 << 10;

/// Fields, each with the expression for its value as it was written.
using Assignments = std::vector<std::pair<std::string, std::string>>;

/// INSERT, UPSERT, UPDATE and DELETE.
struct WriteAction {
  std::string mode;  ///< insert, upsert, update or delete
  std::string into;
  std::string id;  ///< an expression; "" for an insert whose _id is made from the event
  Assignments values;
  std::string document = {};  ///< instead of `values`: NEW or OLD, the whole document
};

/// CALL
struct CallAction {
  std::string method;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::string> body;  ///< a template
  Assignments values;               ///< instead of `body`: the fields of a JSON body
};

/// DROP KEY
struct DropKeysAction {
  std::vector<std::string> keys;
};

/// PUBLISH TO
struct PublishAction {
  std::string subject;
  std::string stream;  ///< the JetStream stream; "" if none is stated
};

using Action = std::variant<WriteAction, CallAction, DropKeysAction, PublishAction>;

struct Trigger {
  std::string name;
  bool or_replace = false;
  bool on_insert = false;
  bool on_update = false;  ///< and replace
  bool on_delete = false;
  std::vector<std::string> fields;  ///< an update must touch one of these; empty: any update
  std::string stream;               ///< "" if none is stated
  std::string collection;
  std::string when;  ///< an expression as it was written, or ""
  bool ignores_own = false;
  Action action;
};

struct DropTrigger {
  std::string name;
};

using Statement = std::variant<Trigger, DropTrigger>;

/// Parses one statement:
///
///     CREATE [OR REPLACE] TRIGGER name
///       AFTER INSERT | UPDATE [OF field, ..] | DELETE [OR ..] ON [stream.]collection
///       [WHEN condition] [IGNORE OWN WRITES] DO action [;]
///     DROP TRIGGER name [;]
///
/// The action is one of
///
///     INSERT INTO collection [ID value] (field, ..) VALUES (value, ..)
///     UPSERT INTO collection ID value (field, ..) VALUES (value, ..)
///     UPDATE collection SET field = value, .. WHERE ID = value
///     DELETE FROM collection WHERE ID = value
///     CALL [GET|POST|PUT|PATCH|DELETE] 'url' [HEADER 'name' = 'text'].. [BODY body]
///     DROP KEY 'key', ..
///     PUBLISH TO 'subject' [STREAM 'name']
///
/// `VALUES NEW` or `VALUES OLD` without fields before it writes the whole document. The body of CALL is
/// `'text'` or `(field, ..) VALUES (value, ..)`.
///
/// Conditions and values are compiled, so that their errors are found, but are stored as they were written.
/// Throws LanguageError, with line and column.
Statement parse_statement(std::string_view text);

/// Parses several statements with `;` between them.
std::vector<Statement> parse_statements(std::string_view text);

/// The trigger as a rule in YAML, as it appears under `rules:` but without the dash. The stream is not part
/// of it.
std::string rule_yaml(const Trigger& trigger);

}  // namespace sluice::language
