#include "language/values/operators.hpp"

#include <algorithm>

#include "language/values/utf8.hpp"

namespace sluice::language {

namespace {

std::vector<std::string> texts_of(const std::vector<Term>& terms) {
  std::vector<std::string> texts;
  for (const Term& term : terms) texts.push_back(term.json);
  return texts;
}

Term truth(std::string json) {
  return {std::move(json), Type::boolean};
}

/// Turns a missing field into null, because the server distinguishes the two.
std::string or_null(const Term& value) {
  if (value.is_constant() || value.type != Type::any) return value.json;
  return call_list("$ifNull", {value.json, "null"});
}

}  // namespace

Term equal(const Term& left, const Term& right) {
  if (left.is_null()) return is_null(right);
  if (right.is_null()) return is_null(left);
  // If one side is a constant, a value that is null or missing differs from it either way.
  if (left.is_constant() || right.is_constant()) return truth(call_list("$eq", {left.json, right.json}));
  return truth(call_list("$eq", {or_null(left), or_null(right)}));
}

Term is_null(const Term& value) {
  return truth(call_list("$eq", {or_null(value), "null"}));
}

Term exists(const Term& value) {
  if (value.is_constant()) return boolean_term(true);
  return truth(call_list("$ne", {call("$type", value.json), json_text("missing")}));
}

Term is_among(const Term& value, const std::vector<Term>& items) {
  std::vector<std::string> list;
  for (const Term& item : items) list.push_back(or_null(item));
  const bool may_be_null =
      std::ranges::any_of(items, [](const Term& item) { return item.is_null() || !item.is_constant(); });
  return truth(call_list("$in", {may_be_null ? or_null(value) : value.json, json_list(list)}));
}

Term is_between(const Term& value, const Term& least, const Term& most) {
  return bound("between", value, [&](const Term& one) {
    return both({compare(Order::at_least, one, least), compare(Order::at_most, one, most)});
  });
}

Term matches(const Term& value, std::string_view regex, std::string_view options) {
  return bound("subject", as(Type::text, value), [&](const Term& subject) {
    Members arguments{{"input", subject.json}, {"regex", text_term(regex).json}};
    if (!options.empty()) arguments.emplace_back("options", json_text(options));
    const std::string match = call("$regexMatch", json_object(arguments));
    return truth(call_list("$cond", {is_utf8(subject).json, match, "false"}));
  });
}

Term both(const std::vector<Term>& terms) {
  return terms.size() == 1 ? terms.front() : truth(call_list("$and", texts_of(terms)));
}

Term either(const std::vector<Term>& terms) {
  return terms.size() == 1 ? terms.front() : truth(call_list("$or", texts_of(terms)));
}

Term negation(const Term& term) {
  return truth(call_list("$not", {term.json}));
}

Term first_of(const std::vector<std::pair<Term, Term>>& branches, const Term& otherwise) {
  std::vector<std::string> list;
  std::vector<Term> values{otherwise};
  for (const auto& [condition, value] : branches) {
    list.push_back(json_object({{"case", condition.json}, {"then", value.json}}));
    values.push_back(value);
  }
  return {call("$switch", json_object({{"branches", json_list(list)}, {"default", otherwise.json}})),
          common_type(values)};
}

Type common_type(const std::vector<Term>& values) {
  Type type = Type::any;
  for (const Term& value : values) {
    if (value.is_null()) continue;
    if (value.type == Type::any || (type != Type::any && type != value.type)) return Type::any;
    type = value.type;
  }
  return type;
}

}  // namespace sluice::language
