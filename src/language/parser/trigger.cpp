#include "language/parser/trigger.hpp"

#include "config/names.hpp"
#include "language/expression.hpp"
#include "language/parser/parser.hpp"
#include "language/parser/trigger_parser.hpp"

namespace sluice::language {

Statement TriggerParser::statement() {
  trigger_ = {};
  if (cursor_.accept_word("DROP")) {
    cursor_.expect_word("TRIGGER");
    return DropTrigger{rule_name()};
  }
  if (!cursor_.accept_word("CREATE")) cursor_.fail_expecting("CREATE TRIGGER or DROP TRIGGER");
  if (cursor_.accept_word("OR")) {
    cursor_.expect_word("REPLACE");
    trigger_.or_replace = true;
  }
  cursor_.expect_word("TRIGGER");
  return trigger();
}

bool TriggerParser::done() {
  while (cursor_.accept_symbol(";")) {
  }
  return cursor_.is(TokenKind::end);
}

Trigger TriggerParser::trigger() {
  trigger_.name = rule_name();
  cursor_.expect_word("AFTER");
  events();
  cursor_.expect_word("ON");
  collection();
  if (cursor_.accept_word("WHEN")) trigger_.when = expression();
  if (cursor_.accept_word("IGNORE")) {
    cursor_.expect_word("OWN");
    cursor_.expect_word("WRITES");
    trigger_.ignores_own = true;
  }
  if (!cursor_.accept_word("DO"))
    cursor_.fail_expecting(trigger_.when.empty() ? "WHEN or DO" : "an operator or DO");
  trigger_.action = action();
  return trigger_;
}

std::string TriggerParser::rule_name() {
  const std::size_t offset = cursor_.token().offset;
  std::string name = cursor_.expect_name("the trigger's name");
  const std::string why = config::why_no_name(name);
  if (!why.empty()) cursor_.fail(offset, why);
  return name;
}

void TriggerParser::events() {
  do {
    event();
  } while (cursor_.accept_word("OR"));
}

void TriggerParser::event() {
  const std::size_t offset = cursor_.token().offset;
  if (cursor_.accept_word("INSERT")) return once(trigger_.on_insert, offset);
  if (cursor_.accept_word("DELETE")) return once(trigger_.on_delete, offset);
  if (!cursor_.accept_word("UPDATE")) cursor_.fail_expecting("INSERT, UPDATE or DELETE");
  once(trigger_.on_update, offset);
  if (!cursor_.accept_word("OF")) return;
  do {
    trigger_.fields.push_back(field_path());
  } while (cursor_.accept_symbol(","));
}

void TriggerParser::once(bool& event, std::size_t offset) {
  if (event) cursor_.fail(offset, "this event appears twice");
  event = true;
}

void TriggerParser::collection() {
  trigger_.collection = cursor_.expect_name("a collection's name");
  if (!cursor_.accept_symbol(".")) return;
  trigger_.stream = std::move(trigger_.collection);
  trigger_.collection = cursor_.expect_name("a collection's name");
  if (cursor_.is_symbol(".")) {
    cursor_.fail(cursor_.token().offset, "a collection name that contains dots must be in \"..\"");
  }
}

std::string TriggerParser::field_path() {
  std::string path;
  do {
    const std::size_t offset = cursor_.token().offset;
    const std::string name = cursor_.expect_name("a field's name");
    if (name.starts_with('$') || name.find('.') != std::string::npos) {
      cursor_.fail(offset,
                   "a field that is written or watched must not have a dot in its name or begin with $");
    }
    path += (path.empty() ? "" : ".") + name;
  } while (cursor_.accept_symbol("."));
  return path;
}

std::string TriggerParser::expression() {
  const std::size_t offset = cursor_.token().offset;
  Reads reads;
  const Term term = Parser(cursor_, reads).expression();
  try {
    finished(term, reads);
  } catch (const LanguageError& error) {
    cursor_.fail(offset, error.reason());
  }
  check_images(reads, offset);
  std::string text = cursor_.slice_from(offset);
  if (text.size() > most_expression_bytes) cursor_.fail(offset, "this expression is too long");
  return text;
}

/// Refuses an expression that reads an image which no event of the trigger has.
void TriggerParser::check_images(const Reads& reads, std::size_t offset) const {
  const bool has_before = trigger_.on_update || trigger_.on_delete;
  const bool has_after = trigger_.on_update || trigger_.on_insert;
  if (!has_after && !reads.after.empty()) cursor_.fail(offset, "a delete has no NEW; use OLD");
  if (!has_before && !reads.before.empty()) cursor_.fail(offset, "an insert has no OLD; use NEW");
}

Statement parse_statement(std::string_view text) {
  TriggerParser parser(text);
  Statement statement = parser.statement();
  if (!parser.done()) parser.fail_unfinished();
  return statement;
}

std::vector<Statement> parse_statements(std::string_view text) {
  TriggerParser parser(text);
  std::vector<Statement> statements;
  while (!parser.done()) {
    statements.push_back(parser.statement());
    if (!parser.at_boundary()) parser.fail_unfinished();
  }
  return statements;
}

}  // namespace sluice::language
