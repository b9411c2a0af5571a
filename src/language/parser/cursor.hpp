#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "language/parser/lexer.hpp"

namespace sluice::language {

/// A position in the tokens of a text. Keywords match in any case.
class Cursor {
 public:
  Cursor(std::string_view text, std::size_t most_bytes) : text_(text), tokens_(tokens_of(text, most_bytes)) {}

  const Token& token() const { return tokens_[at_]; }
  const Token& next_token() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  const Token& take();

  bool is(TokenKind kind) const { return token().kind == kind; }
  bool is_word(std::string_view keyword) const;
  bool is_symbol(std::string_view symbol) const;

  /// Skips the current token if it is the given one. Returns whether it was.
  bool accept_word(std::string_view keyword);
  bool accept_symbol(std::string_view symbol);
  void expect_word(std::string_view keyword);
  void expect_symbol(std::string_view symbol);
  /// Takes a name, in quotes or not. `what` describes it in the error.
  std::string expect_name(std::string_view what);
  std::string expect_text(std::string_view what);

  /// The text from `offset` to the end of the last token that was taken.
  std::string slice_from(std::size_t offset) const;

  /// Throws `expected <expected>, not <the current token>`.
  [[noreturn]] void fail_expecting(std::string_view expected) const;
  [[noreturn]] void fail(std::size_t offset, const std::string& reason) const;

 private:
  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

/// Whether `word` is the keyword, in any case.
bool same_word(std::string_view word, std::string_view keyword);

}  // namespace sluice::language
