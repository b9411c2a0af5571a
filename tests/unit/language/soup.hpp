#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>

namespace sluice::test {

inline constexpr std::array soup_pieces{"NEW",      "OLD",     ".",       "a",       "\"b c\"",
                                        "\"$d\"",   "(",       ")",       ",",       "1",
                                        "2.5",      "'t'",     "'$x'",    "+",       "-",
                                        "*",        "/",       "%",       "||",      "=",
                                        "<>",       "!=",      "<",       "<=",      ">",
                                        ">=",       "AND",     "OR",      "NOT",     "IS",
                                        "NULL",     "IN",      "BETWEEN", "LIKE",    "'a%_'",
                                        "ESCAPE",   "'!'",     "TRUE",    "FALSE",   "CASE",
                                        "WHEN",     "THEN",    "ELSE",    "END",     "abs",
                                        "coalesce", "changed", "exists",  "date",    "'2026-03-01'",
                                        "round",    "length",  "text",    "number",  "id",
                                        "--",       "\n",      "'",       "\"",      "\xc3\xbc",
                                        "\xff",     "$",       ";",       "CREATE",  "TRIGGER",
                                        "AFTER",    "INSERT",  "UPDATE",  "DELETE",  "OF",
                                        "ON",       "DO",      "INTO",    "UPSERT",  "SET",
                                        "WHERE",    "ID",      "VALUES",  "CALL",    "HEADER",
                                        "BODY",     "DROP",    "KEY",     "PUBLISH", "TO",
                                        "STREAM"};

/// Texts that read like the language, and texts that do not.
class Soup {
 public:
  explicit Soup(std::uint64_t seed) : random_(seed) {}

  std::string tokens() {
    std::string text;
    for (std::size_t left = below(40); left > 0; --left)
      text += std::string(soup_pieces[below(soup_pieces.size())]) + " ";
    return text;
  }

  /// What the grammar lets through.
  std::string expression(int depth) {
    static constexpr std::array leaves{"NEW.a", "OLD.a.b", "NEW.\"$d\"", "1",    "-2.5",
                                       "'t'",   "'$x'",    "TRUE",       "id()", "time()"};
    if (depth == 0) return leaves[below(leaves.size())];
    const auto some = [&] { return "(" + expression(depth - 1) + ")"; };
    static constexpr std::array between{" + ", " - ",  " * ", " / ",  " % ",   " || ",
                                        " = ", " <> ", " < ", " >= ", " AND ", " OR "};
    static constexpr std::array before{"NOT ", "- ",    "abs",  "length", "number",
                                       "text", "upper", "hour", "exists", "round"};
    switch (below(6)) {
      case 0:
        return std::string(before[below(before.size())]) + some();
      case 1:
        return some() + " IS NULL";
      case 2:
        return some() + " BETWEEN " + some() + " AND " + some();
      case 3:
        return "CASE WHEN " + some() + " THEN " + some() + " ELSE " + some() + " END";
      case 4:
        return some() + " IN (" + some() + ", " + some() + ")";
      default:
        return some() + between[below(between.size())] + some();
    }
  }

  /// A few bytes of it are others now.
  std::string damaged(std::string text) {
    for (std::size_t left = below(4); left > 0 && !text.empty(); --left) {
      const std::size_t at = below(text.size());
      if (below(2) == 0)
        text.erase(at, 1 + below(5));
      else
        text.insert(at, 1, static_cast<char>(below(256)));
    }
    return text;
  }

 private:
  std::size_t below(std::size_t most) { return random_() % most; }

  std::mt19937_64 random_;
};

}  // namespace sluice::test
