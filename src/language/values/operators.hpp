#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "language/values/term.hpp"

/// What conditions mean, said once for all the ways of writing them. None of these fails on the server,
/// whatever the values are: what makes no sense is null, and a comparison with it false. Null and a missing
/// field are the same.
namespace sluice::language {

enum class Order : std::uint8_t { less, at_most, more, at_least };

/// Whether the value is of the type. Not for Type::any.
Term is_of(Type type, const Term& value);
/// The value where it is of the type, else null.
Term as(Type type, const Term& value);

/// False for values of different types and for null; a number that is none (NaN) is in no order.
Term compare(Order order, const Term& left, const Term& right);
Term equal(const Term& left, const Term& right);
Term is_null(const Term& value);
Term exists(const Term& value);
Term is_among(const Term& value, const std::vector<Term>& items);
/// `least` <= value <= `most`
Term is_between(const Term& value, const Term& least, const Term& most);
/// `regex` by the server's rules; false for what is no text, and for a text that is not UTF-8.
Term matches(const Term& value, std::string_view regex, std::string_view options);

Term both(const std::vector<Term>& terms);
Term either(const std::vector<Term>& terms);
Term negation(const Term& term);

/// A term of a sum, and whether it is taken away.
using Summand = std::pair<Term, bool>;
Term sum(const std::vector<Summand>& summands);
Term product(const std::vector<Term>& factors);
Term minus(const Term& value);
/// Null where the divisor is 0.
Term quotient(const Term& dividend, const Term& divisor);
Term remainder(const Term& dividend, const Term& divisor);
Term magnitude(const Term& value);

/// The first value whose condition holds.
Term first_of(const std::vector<std::pair<Term, Term>>& branches, const Term& otherwise);

/// The type that all values have, where they have one.
Type common_type(const std::vector<Term>& values);

}  // namespace sluice::language
