#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "language/values/term.hpp"

/// The operators of the language, defined once for all notations of conditions. None of these expressions
/// fails on the server, whatever the values are: an operation that makes no sense for its values gives null,
/// and compare() is false for null. Null and a missing field are the same.
namespace sluice::language {

enum class Order : std::uint8_t { less, at_most, more, at_least };

/// Whether the value is of the type. Not for Type::any.
Term is_of(Type type, const Term& value);
/// The value if it is of the type, otherwise null.
Term as(Type type, const Term& value);

/// False for values of different types, for null and for NaN.
Term compare(Order order, const Term& left, const Term& right);
Term equal(const Term& left, const Term& right);
Term is_null(const Term& value);
Term exists(const Term& value);
Term is_among(const Term& value, const std::vector<Term>& items);
/// `least` <= value <= `most`
Term is_between(const Term& value, const Term& least, const Term& most);
/// Whether the value matches `regex` by the server's rules. False for a value that is not a text, and for a
/// text that is not UTF-8.
Term matches(const Term& value, std::string_view regex, std::string_view options);

Term both(const std::vector<Term>& terms);
Term either(const std::vector<Term>& terms);
Term negation(const Term& term);

/// A term of a sum, and whether it is subtracted.
using Summand = std::pair<Term, bool>;
Term sum(const std::vector<Summand>& summands);
Term product(const std::vector<Term>& factors);
Term minus(const Term& value);
/// Null if the divisor is 0.
Term quotient(const Term& dividend, const Term& divisor);
Term remainder(const Term& dividend, const Term& divisor);
Term magnitude(const Term& value);

/// The value of the first branch whose condition holds, or else `otherwise`.
Term first_of(const std::vector<std::pair<Term, Term>>& branches, const Term& otherwise);

/// The type that all values share, not counting nulls; any if they share none.
Type common_type(const std::vector<Term>& values);

}  // namespace sluice::language
