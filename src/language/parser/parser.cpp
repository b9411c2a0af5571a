#include "language/parser/parser.hpp"

#include "language/parser/parser_depth.hpp"
#include "language/values/like.hpp"
#include "language/values/operators.hpp"
#include "language/values/text.hpp"

namespace sluice::language {

Term Parser::expression() {
  const Deeper deeper(*this);
  std::vector<Term> terms{conjunction()};
  while (cursor_.accept_word("OR")) terms.push_back(conjunction());
  return either(terms);
}

Term Parser::conjunction() {
  std::vector<Term> terms{inversion()};
  while (cursor_.accept_word("AND")) terms.push_back(inversion());
  return both(terms);
}

Term Parser::inversion() {
  if (!cursor_.accept_word("NOT")) return comparison();
  const Deeper deeper(*this);
  return negation(inversion());
}

/// Parses at most one comparison: `a < b < c` would compare a boolean with c, which nobody means.
Term Parser::comparison() {
  const std::size_t offset = cursor_.token().offset;
  const Term left = concatenation();
  for (const char* symbol : {"=", "!=", "<", "<=", ">", ">="}) {
    if (!cursor_.is_symbol(symbol)) continue;
    const Token taken = cursor_.take();
    return compared(not_null(left, offset), taken);
  }
  return test(left);
}

Term Parser::compared(const Term& left, const Token& symbol) {
  const std::size_t offset = cursor_.token().offset;
  const Term right = not_null(concatenation(), offset);
  if (symbol.text == "=") return equal(left, right);
  if (symbol.text == "!=") return negation(equal(left, right));
  if (symbol.text == "<") return compare(Order::less, left, right);
  if (symbol.text == "<=") return compare(Order::at_most, left, right);
  return compare(symbol.text == ">" ? Order::more : Order::at_least, left, right);
}

Term Parser::null_test(const Term& value) {
  const bool inverted = cursor_.accept_word("NOT");
  cursor_.expect_word("NULL");
  return inverted ? negation(is_null(value)) : is_null(value);
}

/// Parses a test that is a keyword: IS, IN, BETWEEN or LIKE.
Term Parser::test(const Term& value) {
  if (cursor_.accept_word("IS")) return null_test(value);
  const bool inverted = cursor_.accept_word("NOT");
  Term result = value;
  if (cursor_.accept_word("IN")) {
    std::vector<Term> items;
    cursor_.expect_symbol("(");
    do {
      const std::size_t offset = cursor_.token().offset;
      items.push_back(not_null(expression(), offset));
    } while (cursor_.accept_symbol(","));
    cursor_.expect_symbol(")");
    result = is_among(value, items);
  } else if (cursor_.accept_word("BETWEEN")) {
    std::size_t offset = cursor_.token().offset;
    const Term least = not_null(concatenation(), offset);
    cursor_.expect_word("AND");
    offset = cursor_.token().offset;
    result = is_between(value, least, not_null(concatenation(), offset));
  } else if (cursor_.accept_word("LIKE")) {
    result = like(value);
  } else if (inverted) {
    cursor_.fail_expecting("IN, BETWEEN or LIKE after NOT");
  }
  return inverted ? negation(result) : result;
}

Term Parser::like(const Term& value) {
  const std::string pattern = cursor_.expect_text("the pattern of LIKE");
  std::string escape;
  std::size_t offset = cursor_.token().offset;
  if (cursor_.accept_word("ESCAPE")) {
    offset = cursor_.token().offset;
    escape = cursor_.expect_text("one letter");
    if (escape.size() != 1) cursor_.fail(offset, "ESCAPE needs one ASCII character, such as '!'");
  }
  const auto holds = language::like(value, pattern, escape.empty() ? '\0' : escape[0]);
  if (!holds) cursor_.fail(offset, "in the pattern '" + escape + "' must be followed by %, _ or itself");
  return *holds;
}

Term Parser::concatenation() {
  std::vector<Term> terms{summation()};
  while (cursor_.accept_symbol("||")) terms.push_back(summation());
  return terms.size() == 1 ? terms.front() : joined(terms);
}

Term Parser::summation() {
  std::vector<Summand> summands{{multiplication(), false}};
  for (;;) {
    const bool taken_away = cursor_.is_symbol("-");
    if (!taken_away && !cursor_.is_symbol("+")) break;
    cursor_.take();
    summands.emplace_back(multiplication(), taken_away);
  }
  return summands.size() == 1 ? summands.front().first : sum(summands);
}

/// Consecutive factors become one product, so a long row of them does not nest.
Term Parser::multiplication() {
  std::vector<Term> factors{signed_value()};
  const auto so_far = [&] { return factors.size() == 1 ? factors.front() : product(factors); };
  for (;;) {
    if (cursor_.accept_symbol("*")) {
      factors.push_back(signed_value());
    } else if (cursor_.accept_symbol("/")) {
      factors = {quotient(so_far(), signed_value())};
    } else if (cursor_.accept_symbol("%")) {
      factors = {remainder(so_far(), signed_value())};
    } else {
      return so_far();
    }
  }
}

Term Parser::signed_value() {
  if (!cursor_.is_symbol("-")) return value();
  const Deeper deeper(*this);
  cursor_.take();
  return minus(signed_value());
}

/// Refuses a literal NULL in a comparison, which is a mistake. Other terms that are known to be null, such as
/// results of functions, are allowed.
Term Parser::not_null(Term term, std::size_t offset) const {
  if (term.is_null() && !term.constant.empty()) {
    cursor_.fail(offset, "values cannot be compared with NULL; write IS NULL or IS NOT NULL");
  }
  return term;
}

}  // namespace sluice::language
