#include "language/parser/cursor.hpp"

#include <algorithm>

#include "language/error.hpp"

namespace sluice::language {

namespace {

constexpr std::size_t most_shown = 40;

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

}  // namespace

bool same_word(std::string_view word, std::string_view keyword) {
  return std::ranges::equal(word, keyword, {}, upper, upper);
}

const Token& Cursor::take() {
  const Token& taken = token();
  if (at_ + 1 < tokens_.size()) ++at_;
  return taken;
}

bool Cursor::is_word(std::string_view keyword) const {
  return is(TokenKind::word) && same_word(token().text, keyword);
}

bool Cursor::is_symbol(std::string_view symbol) const {
  return is(TokenKind::symbol) && token().text == symbol;
}

bool Cursor::accept_word(std::string_view keyword) {
  if (!is_word(keyword)) return false;
  take();
  return true;
}

bool Cursor::accept_symbol(std::string_view symbol) {
  if (!is_symbol(symbol)) return false;
  take();
  return true;
}

void Cursor::expect_word(std::string_view keyword) {
  if (!accept_word(keyword)) fail_expecting(keyword);
}

void Cursor::expect_symbol(std::string_view symbol) {
  if (!accept_symbol(symbol)) fail_expecting("'" + std::string(symbol) + "'");
}

std::string Cursor::expect_name(std::string_view what) {
  if (!is(TokenKind::word) && !is(TokenKind::name)) fail_expecting(what);
  if (token().text.empty()) fail(token().offset, std::string(what) + " is not empty");
  return take().text;
}

std::string Cursor::expect_text(std::string_view what) {
  if (!is(TokenKind::text)) fail_expecting(std::string(what) + ", as a text in '..'");
  return take().text;
}

std::string Cursor::slice_from(std::size_t offset) const {
  const Token& last = tokens_[at_ - 1];
  return std::string(text_.substr(offset, last.offset + last.size - offset));
}

void Cursor::fail_expecting(std::string_view expected) const {
  std::string found = "the end";
  if (!is(TokenKind::end)) {
    const std::string_view written = text_.substr(token().offset, token().size);
    found = written.size() > most_shown ? "a longer piece" : std::string(written);
  }
  fail(token().offset, "expected " + std::string(expected) + ", not " + found);
}

void Cursor::fail(std::size_t offset, const std::string& reason) const {
  throw LanguageError(text_, offset, reason);
}

}  // namespace sluice::language
