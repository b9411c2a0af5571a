#include "language/condition_operators.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "config/names.hpp"
#include "language/error.hpp"
#include "language/values/constants.hpp"
#include "language/values/operators.hpp"

namespace sluice::language {

namespace {

using Field = ConditionField;
using Value = bson::Value;

std::string quoted(std::string_view name) {
  return "'" + std::string(name) + "'";
}

bool truth_of(const Field& field, std::string_view name, const Value& operand) {
  if (operand.type() != BSON_TYPE_BOOL) field.fail(quoted(name) + " takes true or false");
  return operand.boolean();
}

std::vector<Term> list_of(const Field& field, std::string_view name, const Value& operand) {
  if (!operand.is_array()) field.fail(quoted(name) + " takes a list");
  std::vector<Term> items;
  for (const auto& element : operand.document()) items.push_back(constant_term(element.value));
  if (items.empty()) field.fail(quoted(name) + " names no value");
  return items;
}

Term among(const Field& field, std::string_view name, const Term& value, const Value& operand) {
  if (operand.is_array()) return is_among(value, list_of(field, name, operand));
  return equal(value, constant_term(operand));
}

Term ordered(Order order, const Field& field, std::string_view name, const Value& operand) {
  if (operand.is_null() || operand.is_array() || operand.is_document()) {
    field.fail(quoted(name) + " must be a value with an order, such as a number or a text");
  }
  return compare(order, field.value(), constant_term(operand));
}

/// True if the old value compares with the operand as `before` says, and the new value as `after` says.
Term crosses(Order before, Order after, const Field& field, std::string_view name, const Value& operand) {
  const Term limit = constant_term(operand);
  if (limit.type != Type::number) field.fail(quoted(name) + " takes a number");
  return both({compare(before, field.before(), limit), compare(after, field.after(), limit)});
}

Term has_changed(const Field& field) {
  return negation(equal(field.before(), field.after()));
}

/// The share that the operand states (0.2 or "20%"), as a JSON number. Absent if it states none.
std::optional<std::string> share_of(const Value& operand) {
  const Term constant = constant_term(operand);
  std::string_view digits = constant.constant;
  const bool percent = constant.type == Type::text && digits.ends_with('%');
  if (percent) digits.remove_suffix(1);
  if (constant.type != Type::number && !percent) return std::nullopt;
  double share = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), share);
  if (error != std::errc{} || end != digits.data() + digits.size() || !(share > 0) || share > 1e9)
    return std::nullopt;
  if (percent) share /= 100;
  std::array<char, 40> text{};
  return std::string(text.data(), std::to_chars(text.data(), text.data() + text.size(), share).ptr);
}

Term moves_by(const Field& field, std::string_view name, const Value& operand) {
  const auto share = share_of(operand);
  if (!share) field.fail(quoted(name) + " must be a share above 0, such as 0.2 or \"20%\"");
  const Term before = field.before();
  const Term moved = magnitude(sum({{field.after(), false}, {before, true}}));
  const Term allowed = product({number_term(*share), magnitude(before)});
  return both({negation(equal(before, number_term("0"))), compare(Order::more, moved, allowed)});
}

struct Operator {
  const char* name;
  bool of_change;  ///< compares both images
  Term (*make)(const Field& field, std::string_view name, const Value& operand);
};

/// Operators that look at one image.
constexpr std::array<Operator, 10> image_operators{{
    {"eq", false,
     [](const Field& f, std::string_view, const Value& v) { return equal(f.value(), constant_term(v)); }},
    {"ne", false,
     [](const Field& f, std::string_view, const Value& v) {
       return negation(equal(f.value(), constant_term(v)));
     }},
    {"gt", false,
     [](const Field& f, std::string_view n, const Value& v) { return ordered(Order::more, f, n, v); }},
    {"gte", false,
     [](const Field& f, std::string_view n, const Value& v) { return ordered(Order::at_least, f, n, v); }},
    {"lt", false,
     [](const Field& f, std::string_view n, const Value& v) { return ordered(Order::less, f, n, v); }},
    {"lte", false,
     [](const Field& f, std::string_view n, const Value& v) { return ordered(Order::at_most, f, n, v); }},
    {"in", false,
     [](const Field& f, std::string_view n, const Value& v) {
       return is_among(f.value(), list_of(f, n, v));
     }},
    {"not_in", false,
     [](const Field& f, std::string_view n, const Value& v) {
       return negation(is_among(f.value(), list_of(f, n, v)));
     }},
    {"exists", false,
     [](const Field& f, std::string_view n, const Value& v) {
       return truth_of(f, n, v) ? exists(f.value()) : negation(exists(f.value()));
     }},
    {"matches", false,
     [](const Field& f, std::string_view n, const Value& v) {
       if (v.type() != BSON_TYPE_UTF8) f.fail(quoted(n) + " must be a regular expression, as a text");
       return matches(f.value(), constant_term(v).constant, "");
     }},
}};

/// Operators that compare the field before and after the change.
constexpr std::array<Operator, 8> change_operators{{
    {"changed", true,
     [](const Field& f, std::string_view n, const Value& v) {
       return truth_of(f, n, v) ? has_changed(f) : negation(has_changed(f));
     }},
    {"from", true,
     [](const Field& f, std::string_view n, const Value& v) {
       return both({among(f, n, f.before(), v), has_changed(f)});
     }},
    {"to", true,
     [](const Field& f, std::string_view n, const Value& v) {
       return both({among(f, n, f.after(), v), has_changed(f)});
     }},
    {"falls_to", true,
     [](const Field& f, std::string_view n, const Value& v) {
       return crosses(Order::more, Order::at_most, f, n, v);
     }},
    {"falls_below", true,
     [](const Field& f, std::string_view n, const Value& v) {
       return crosses(Order::at_least, Order::less, f, n, v);
     }},
    {"rises_to", true,
     [](const Field& f, std::string_view n, const Value& v) {
       return crosses(Order::less, Order::at_least, f, n, v);
     }},
    {"rises_above", true,
     [](const Field& f, std::string_view n, const Value& v) {
       return crosses(Order::at_most, Order::more, f, n, v);
     }},
    {"moves_by", true, moves_by},
}};

const Operator* find_operator(std::string_view name) {
  const auto* of_image = std::ranges::find(image_operators, name, &Operator::name);
  if (of_image != image_operators.end()) return of_image;
  const auto* of_change = std::ranges::find(change_operators, name, &Operator::name);
  return of_change == change_operators.end() ? nullptr : of_change;
}

}  // namespace

void ConditionField::fail(const std::string& reason) const {
  throw LanguageError(quoted(path) + ": " + reason);
}

Term condition(const ConditionField& field, std::string_view name, const bson::Value& operand) {
  const Operator* found = find_operator(name);
  if (found == nullptr) {
    std::vector<std::string> names;
    for (const Operator& known : image_operators) names.emplace_back(known.name);
    for (const Operator& known : change_operators) names.emplace_back(known.name);
    field.fail(config::unknown_name("operator", name, names, names));
  }
  if (found->of_change && field.image == Image::before) {
    field.fail(quoted(name) + " compares the field before and after; use it without 'before.'");
  }
  return found->make(field, name, operand);
}

}  // namespace sluice::language
