#include "language/parser/lexer.hpp"

#include <bson/bson.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "language/error.hpp"
#include "text/utf8.hpp"

namespace sluice::language {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Bytes above 0x7F belong to non-ASCII characters, which all count as letters.
bool begins_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}

bool continues_word(char c) {
  return begins_word(c) || is_digit(c);
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Token next() {
    skip_blanks();
    Token token;
    token.offset = at_;
    read(token);
    token.size = at_ - token.offset;
    return token;
  }

 private:
  char look(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  [[noreturn]] void fail(std::size_t offset, const std::string& reason) const {
    throw LanguageError(text_, offset, reason);
  }

  void skip_blanks() {
    for (; at_ < text_.size(); ++at_) {
      if (look() == '-' && look(1) == '-') at_ = std::min(text_.find('\n', at_), text_.size());
      if (std::string_view(" \t\r\n").find(look()) == std::string_view::npos || at_ == text_.size()) break;
    }
  }

  void read(Token& token) {
    if (at_ == text_.size()) return;
    const char c = look();
    if (c == '\'' || c == '"') {
      token.kind = c == '"' ? TokenKind::name : TokenKind::text;
      token.text = quoted(c);
    } else if (is_digit(c)) {
      token.kind = TokenKind::number;
      token.text = number();
    } else if (begins_word(c)) {
      token.kind = TokenKind::word;
      while (continues_word(look())) token.text += text_[at_++];
    } else {
      token.kind = TokenKind::symbol;
      token.text = symbol();
    }
  }

  /// Reads a text or name in quotes. A doubled quote in it stands for the quote itself.
  std::string quoted(char quote) {
    const std::size_t start = at_++;
    std::string out;
    for (;; ++at_) {
      if (at_ >= text_.size()) fail(start, std::string("this has no closing ") + quote);
      if (look() == quote) {
        ++at_;
        if (look() != quote) return out;
      }
      out += look();
    }
  }

  std::string number() {
    const std::size_t start = at_;
    while (is_digit(look())) ++at_;
    const std::string_view whole = text_.substr(start, at_ - start);
    if (look() == '.' && is_digit(look(1))) {
      for (++at_; is_digit(look());) ++at_;
    }
    const std::size_t sign = look(1) == '+' || look(1) == '-' ? 1 : 0;
    if ((look() == 'e' || look() == 'E') && is_digit(look(1 + sign))) {
      for (at_ += 1 + sign; is_digit(look());) ++at_;
    }
    if (continues_word(look()))
      fail(start, "a name must not begin with a digit, and a number must not be followed by a letter");
    return as_json(start, whole);
  }

  std::string as_json(std::size_t start, std::string_view whole) const {
    const std::string_view written = text_.substr(start, at_ - start);
    const char* end = written.data() + written.size();
    std::array<char, 40> out{};
    std::int64_t integer = 0;
    if (written.size() == whole.size() && std::from_chars(written.data(), end, integer).ec == std::errc{}) {
      return {out.data(), std::to_chars(out.data(), out.data() + out.size(), integer).ptr};
    }
    double real = 0;
    if (std::from_chars(written.data(), end, real).ec != std::errc{})
      fail(start, "no number is that large or that small");
    std::string json(out.data(), std::to_chars(out.data(), out.data() + out.size(), real).ptr);
    return json.find_first_of(".e") == std::string::npos ? json + ".0" : json;
  }

  std::string symbol() {
    for (const std::string_view two : {"||", "!=", "<>", "<=", ">="}) {
      if (!text_.substr(at_).starts_with(two)) continue;
      at_ += 2;
      return two == "<>" ? "!=" : std::string(two);
    }
    if (text_.substr(at_).starts_with("==")) fail(at_, "'==' is not an operator; write '=' for equality");
    if (text_.substr(at_).starts_with("&&")) fail(at_, "'&&' is not an operator; write AND");
    const char c = look();
    if (std::string_view("()+-*/%=<>,.;").find(c) == std::string_view::npos) {
      fail(at_, std::string("'") + c +
                    "' is not allowed here; write texts in '..' and names with special characters in \"..\"");
    }
    ++at_;
    return {c};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view text, std::size_t most_bytes) {
  if (text.size() > most_bytes) {
    throw LanguageError(text, most_bytes,
                        "this is too long: at most " + std::to_string(most_bytes) + " bytes");
  }
  if (!text::is_utf8(text) || text.find('\0') != std::string_view::npos) {
    throw LanguageError(text, 0, "this is not valid UTF-8, or contains a zero byte");
  }
  Lexer lexer(text);
  std::vector<Token> tokens;
  do {
    tokens.push_back(lexer.next());
  } while (tokens.back().kind != TokenKind::end);
  return tokens;
}

}  // namespace sluice::language
