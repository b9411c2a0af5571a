#include <algorithm>
#include <array>

#include "language/parser/parser.hpp"
#include "language/parser/parser_depth.hpp"
#include "language/values/functions.hpp"
#include "language/values/operators.hpp"

namespace sluice::language {

namespace {

constexpr const char* a_value = "a value (a number, a 'text', NEW.field, OLD.field, a function or '(')";

/// Keywords that follow or separate values. Where one appears in place of a value, the error says that a
/// value is missing.
constexpr std::array keywords{"AND",  "OR",   "NOT", "IS", "IN",  "BETWEEN", "LIKE",   "ESCAPE", "WHEN",
                              "THEN", "ELSE", "END", "DO", "SET", "WHERE",   "VALUES", "ID"};

}  // namespace

Term Parser::value() {
  if (cursor_.accept_symbol("(")) {
    Term inside = expression();
    cursor_.expect_symbol(")");
    return inside;
  }
  if (cursor_.is(TokenKind::number)) return number_term(cursor_.take().text);
  if (cursor_.is(TokenKind::text)) return text_term(cursor_.take().text);
  if (cursor_.is(TokenKind::word)) return word();
  if (cursor_.is(TokenKind::name)) {
    cursor_.fail(cursor_.token().offset,
                 "a name in \"..\" stands behind NEW. or OLD.; a text stands in '..'");
  }
  cursor_.fail_expecting(a_value);
}

Term Parser::word() {
  if (cursor_.next_token().kind == TokenKind::symbol && cursor_.next_token().text == "(") return function();
  if (cursor_.accept_word("TRUE")) return boolean_term(true);
  if (cursor_.accept_word("FALSE")) return boolean_term(false);
  if (cursor_.accept_word("NULL")) return {"null", Type::any, Form::constant, "NULL"};
  if (cursor_.accept_word("NEW")) return field(Image::after);
  if (cursor_.accept_word("OLD")) return field(Image::before);
  if (cursor_.accept_word("CASE")) return case_of();
  const std::string& name = cursor_.token().text;
  if (is_function(name)) {
    cursor_.take();
    cursor_.fail_expecting("'(' behind the function's name");
  }
  if (std::ranges::any_of(keywords, [&](const char* word) { return same_word(name, word); })) {
    cursor_.fail_expecting(a_value);
  }
  cursor_.fail(cursor_.token().offset, "'" + name + "' alone means nothing: a field is NEW." + name +
                                           " or OLD." + name + ", a text stands in '..'");
}

Term Parser::field(Image image) {
  return field_term(image, path(), reads_);
}

/// Parses the path after NEW or OLD. Any word is a field name there.
std::vector<std::string> Parser::path() {
  const std::size_t offset = cursor_.token().offset;
  std::vector<std::string> names;
  while (cursor_.accept_symbol(".")) {
    names.push_back(cursor_.expect_name("a field's name (in \"..\" where it is not a plain word)"));
    if (names.size() > most_path_names) {
      cursor_.fail(offset, "a path has at most " + std::to_string(most_path_names) + " names");
    }
  }
  return names;
}

Term Parser::function() {
  const Token name = cursor_.take();
  const std::size_t offset = cursor_.token().offset;
  cursor_.expect_symbol("(");
  if (same_word(name.text, "CHANGED")) return changed();
  std::vector<Term> arguments;
  if (!cursor_.is_symbol(")")) {
    do {
      arguments.push_back(expression());
    } while (cursor_.accept_symbol(","));
  }
  if (!cursor_.is_symbol(")")) cursor_.fail_expecting("',' or ')'");
  cursor_.take();
  FunctionCall made = call_function(name.text, arguments);
  if (!made.error.empty()) cursor_.fail(made.about_arguments ? offset : name.offset, made.error);
  return made.term;
}

Term Parser::changed() {
  if (!cursor_.accept_word("NEW")) cursor_.fail_expecting("NEW.field in changed()");
  const std::vector<std::string> names = path();
  cursor_.expect_symbol(")");
  return negation(equal(field_term(Image::before, names, reads_), field_term(Image::after, names, reads_)));
}

Term Parser::case_of() {
  std::vector<std::pair<Term, Term>> branches;
  if (!cursor_.is_word("WHEN")) cursor_.fail_expecting("WHEN");
  while (cursor_.accept_word("WHEN")) {
    Term condition = expression();
    cursor_.expect_word("THEN");
    branches.emplace_back(std::move(condition), expression());
  }
  const Term otherwise = cursor_.accept_word("ELSE") ? expression() : null_term();
  if (!cursor_.accept_word("END")) cursor_.fail_expecting("WHEN, ELSE or END");
  return first_of(branches, otherwise);
}

}  // namespace sluice::language
