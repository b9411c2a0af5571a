#include <cstdlib>

#include "language/values/operators.hpp"

/// Arithmetic on numbers only: the server's own operators fail on texts and interpret dates differently. Any
/// other operand gives null.
namespace sluice::language {

namespace {

std::string number(const Term& value) {
  return as(Type::number, value).json;
}

Term result(std::string json) {
  return {std::move(json), Type::number};
}

/// The divisor, or null if it is 0 or not a number: dividing by null gives null.
Term divisor_of(const Term& value) {
  if (value.is_constant()) {
    const bool fits = value.type == Type::number && std::strtod(value.json.c_str(), nullptr) != 0;
    return fits ? value : null_term();
  }
  if (value.type != Type::number && value.type != Type::any) return null_term();
  return bound("divisor", value, [](const Term& one) {
    const std::string not_zero = call_list("$ne", {one.json, "0"});
    const std::string fits =
        one.type == Type::number ? not_zero : call_list("$and", {is_of(Type::number, one).json, not_zero});
    return result(call_list("$cond", {fits, one.json, "null"}));
  });
}

}  // namespace

Term sum(const std::vector<Summand>& summands) {
  if (summands.size() == 2 && summands[1].second) {
    return result(call_list("$subtract", {number(summands[0].first), number(summands[1].first)}));
  }
  std::vector<std::string> terms;
  for (const auto& [value, taken_away] : summands) {
    terms.push_back(number(taken_away ? minus(value) : value));
  }
  return result(call_list("$add", terms));
}

Term product(const std::vector<Term>& factors) {
  std::vector<std::string> numbers;
  for (const Term& factor : factors) numbers.push_back(number(factor));
  return result(call_list("$multiply", numbers));
}

Term minus(const Term& value) {
  if (value.is_constant() && value.type == Type::number) {
    return number_term(value.json.starts_with('-') ? value.json.substr(1) : "-" + value.json);
  }
  return product({value, number_term("-1")});
}

Term quotient(const Term& dividend, const Term& divisor) {
  return result(call_list("$divide", {number(dividend), divisor_of(divisor).json}));
}

Term remainder(const Term& dividend, const Term& divisor) {
  return result(call_list("$mod", {number(dividend), divisor_of(divisor).json}));
}

/// The larger of the value and its negation, because $abs fails on the smallest long integer.
Term magnitude(const Term& value) {
  return bound("value", as(Type::number, value), [](const Term& one) {
    return result(call_list("$max", {one.json, minus(one).json}));
  });
}

}  // namespace sluice::language
