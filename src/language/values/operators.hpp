#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "language/values/term.hpp"

/// The meaning of conditions, shared by all ways of writing them. They never fail on the server, whatever the
/// values are: the result of a meaningless operation is null, and a comparison with it is false. Null and a
/// missing field are equal.
namespace sluice::language {

enum class Order : std::uint8_t { less, at_most, more, at_least };

/// Whether the value has the type. Not for Type::any.
Term is_of(Type type, const Term& value);
/// The value if it has the type, otherwise null.
Term as(Type type, const Term& value);

/// False for values of different types, for null, and for NaN.
Term compare(Order order, const Term& left, const Term& right);
Term equal(const Term& left, const Term& right);
Term is_null(const Term& value);
Term exists(const Term& value);
Term is_among(const Term& value, const std::vector<Term>& items);
/// `least` <= value <= `most`
Term is_between(const Term& value, const Term& least, const Term& most);
/// Whether `regex`, by the server's rules, matches; false for values that are not texts, and for texts that
/// are not UTF-8.
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

/// The value of the first condition that holds.
Term first_of(const std::vector<std::pair<Term, Term>>& branches, const Term& otherwise);

/// The common type of the values, if they have one.
Type common_type(const std::vector<Term>& values);

}  // namespace sluice::language
