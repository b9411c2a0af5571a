#include "language/values/operators.hpp"

/// Comparisons that are false for values of different types. The server's own operators also order types
/// (null before numbers, numbers before texts, ...), so checks are added to them.
namespace sluice::language {

namespace {

const std::string infinity = call("$numberDouble", json_text("Infinity"));
const std::string negative_infinity = call("$numberDouble", json_text("-Infinity"));

const char* name_of(Type type) {
  return type == Type::text ? "string" : type == Type::date ? "date" : "bool";
}

std::string in_order(Order order, const Term& left, const Term& right) {
  const char* name = order == Order::less      ? "$lt"
                     : order == Order::at_most ? "$lte"
                     : order == Order::more    ? "$gt"
                                               : "$gte";
  return call_list(name, {left.json, right.json});
}

Term all_hold(std::vector<std::string> checks) {
  return {checks.size() == 1 ? checks.front() : call_list("$and", checks), Type::boolean};
}

bool left_is_lesser(Order order) {
  return order == Order::less || order == Order::at_most;
}

/// In the server's order, all numbers lie between -Infinity and Infinity, and NaN lies before -Infinity. So
/// two bounds check that both sides are numbers other than NaN.
Term compare_numbers(Order order, const Term& left, const Term& right) {
  const Term& lesser = left_is_lesser(order) ? left : right;
  const Term& greater = left_is_lesser(order) ? right : left;
  std::vector<std::string> checks;
  if (!greater.is_constant() && greater.type != Type::number) {
    checks.push_back(call_list("$lte", {greater.json, infinity}));
  }
  if (!lesser.is_constant()) checks.push_back(call_list("$gte", {lesser.json, negative_infinity}));
  checks.push_back(in_order(order, left, right));
  return all_hold(std::move(checks));
}

Term compare_typed(Order order, Type type, const Term& left, const Term& right) {
  const Term& lesser = left_is_lesser(order) ? left : right;
  std::vector<std::string> checks;
  for (const Term* side : {&left, &right}) {
    if (side->is_constant()) continue;
    if (side->type == Type::any) {
      checks.push_back(is_of(type, *side).json);
    } else if (side == &lesser) {
      checks.push_back(call_list("$gt", {side->json, "null"}));
    }
  }
  checks.push_back(in_order(order, left, right));
  return all_hold(std::move(checks));
}

/// The type's name, which is "number" for all numbers except NaN. NaN keeps the name of its own type.
std::string kind_of(const Term& value) {
  const std::string number = call_list("$and", {call_list("$gte", {value.json, negative_infinity}),
                                                call_list("$lte", {value.json, infinity})});
  return call_list("$cond", {number, json_text("number"), call("$type", value.json)});
}

Term compare_unknown(Order order, const Term& left, const Term& right) {
  const std::string in_no_order = json_list({json_text("missing"), json_text("null"), json_text("undefined"),
                                             json_text("double"), json_text("decimal")});
  return bound("kind", Term{kind_of(left)}, [&](const Term& kind) {
    return all_hold({call_list("$eq", {kind.json, kind_of(right)}),
                     call_list("$not", {call_list("$in", {kind.json, in_no_order})}),
                     in_order(order, left, right)});
  });
}

}  // namespace

Term is_of(Type type, const Term& value) {
  if (value.is_constant()) return boolean_term(value.type == type);
  if (type == Type::number) return {call("$isNumber", value.json), Type::boolean};
  return {call_list("$eq", {call("$type", value.json), json_text(name_of(type))}), Type::boolean};
}

Term as(Type type, const Term& value) {
  if (value.type == type) return value;
  if (value.is_constant() || value.type != Type::any) return null_term();
  return bound("value", value, [&](const Term& one) {
    return Term{call_list("$cond", {is_of(type, one).json, one.json, "null"}), type};
  });
}

Term compare(Order order, const Term& left, const Term& right) {
  if (left.is_null() || right.is_null()) return boolean_term(false);
  const bool both_known = left.type != Type::any && right.type != Type::any;
  if (both_known && left.type != right.type) return boolean_term(false);
  const Type type = left.type != Type::any ? left.type : right.type;
  return bound("left", left, [&](const Term& one) {
    return bound("right", right, [&](const Term& other) {
      if (type == Type::any) return compare_unknown(order, one, other);
      if (type == Type::number) return compare_numbers(order, one, other);
      return compare_typed(order, type, one, other);
    });
  });
}

}  // namespace sluice::language
