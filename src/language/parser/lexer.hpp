#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::language {

enum class TokenKind : std::uint8_t {
  word,    ///< a keyword, a function or a plain name
  name,    ///< a name in double quotes
  number,  ///< without a sign
  text,    ///< in single quotes
  symbol,
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::size_t offset = 0;
  std::size_t size = 0;
  std::string text;  ///< without quotes; a number in JSON's form; the symbol `<>` as `!=`
};

/// Splits a text into tokens; the last one has the kind `end`. `--` begins a comment that extends to the end
/// of its line. Throws LanguageError for an invalid token, for a text longer than `most_bytes`, and for a
/// text that is not UTF-8 or contains a zero byte.
std::vector<Token> tokens_of(std::string_view text, std::size_t most_bytes);

}  // namespace sluice::language
