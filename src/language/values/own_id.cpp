#include "language/values/own_id.hpp"

#include "language/error.hpp"
#include "language/expression.hpp"
#include "language/parser/cursor.hpp"

namespace sluice::language {

namespace {

bool take_id(Cursor& cursor) {
  if (cursor.accept_word("id")) return cursor.accept_symbol("(") && cursor.accept_symbol(")");
  if (!cursor.accept_word("NEW") && !cursor.accept_word("OLD")) return false;
  if (!cursor.accept_symbol(".") || cursor.token().text != "_id") return false;
  cursor.take();
  return true;
}

bool take_id_or_choice(Cursor& cursor) {
  const bool as_text = cursor.is_word("text");
  if (!as_text && !cursor.is_word("coalesce")) return take_id(cursor);
  cursor.take();
  if (!cursor.accept_symbol("(")) return false;
  if (as_text) return take_id(cursor) && cursor.accept_symbol(")");
  do {
    if (!take_id(cursor)) return false;
  } while (cursor.accept_symbol(","));
  return cursor.accept_symbol(")");
}

/// Takes an operand other than the id that is the same for all changes of a document: a constant text or
/// `collection()`.
bool take_fixed(Cursor& cursor) {
  if (cursor.is(TokenKind::text)) {
    cursor.take();
    return true;
  }
  return cursor.accept_word("collection") && cursor.accept_symbol("(") && cursor.accept_symbol(")");
}

bool take_joined(Cursor& cursor) {
  int ids = 0;
  do {
    if (cursor.is(TokenKind::text) || cursor.is_word("collection")) {
      if (!take_fixed(cursor)) return false;
    } else if (take_id_or_choice(cursor)) {
      ++ids;
    } else {
      return false;
    }
  } while (cursor.accept_symbol("||"));
  return ids == 1 && cursor.is(TokenKind::end);
}

}  // namespace

bool names_the_document(std::string_view text) {
  try {
    Cursor cursor(text, most_expression_bytes);
    return take_joined(cursor);
  } catch (const LanguageError&) {
    return false;
  }
}

}  // namespace sluice::language
