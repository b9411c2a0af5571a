#include "language/expression.hpp"

#include "language/parser/parser.hpp"

namespace sluice::language {

Compiled compile_expression(std::string_view text) {
  Cursor cursor(text, most_expression_bytes);
  Reads reads;
  const Term term = Parser(cursor, reads).expression();
  if (!cursor.is(TokenKind::end)) cursor.fail_expecting("an operator or the end");
  try {
    return finished(term, reads);
  } catch (const LanguageError& error) {
    throw LanguageError(text, 0, error.reason());
  }
}

}  // namespace sluice::language
