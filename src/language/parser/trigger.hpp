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

/// How long the text of triggers may be.
inline constexpr std::size_t most_trigger_bytes = 256 << 10;

/// A field and the expression of its value, as it was written.
using Assignments = std::vector<std::pair<std::string, std::string>>;

/// INSERT, UPSERT, UPDATE and DELETE.
struct WriteAction {
  std::string mode;  ///< insert, upsert, update or delete
  std::string into;
  std::string id;  ///< an expression; "" where the server makes one
  Assignments values;
  std::string document = {};  ///< in the place of `values`: NEW or OLD, the whole document
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
  std::string stream;  ///< the JetStream stream; "" where none is stated
};

using Action = std::variant<WriteAction, CallAction, DropKeysAction, PublishAction>;

struct Trigger {
  std::string name;
  bool or_replace = false;
  bool on_insert = false;
  bool on_update = false;  ///< and replace
  bool on_delete = false;
  std::vector<std::string> fields;  ///< what an update has to touch; empty for any
  std::string stream;               ///< "" where none is stated
  std::string collection;
  std::string when;  ///< an expression as it was written, or ""
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
/// Conditions and values are compiled, so that their errors show, and kept as they were written. Throws
/// LanguageError, with line and column.
Statement parse_statement(std::string_view text);

/// Several statements with `;` between them.
std::vector<Statement> parse_statements(std::string_view text);

/// The trigger as one rule in YAML, as it stands below `rules:` (without the dash). The stream is not part of
/// it.
std::string rule_yaml(const Trigger& trigger);

}  // namespace sluice::language
