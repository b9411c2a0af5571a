#include "language/values/functions.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "config/names.hpp"
#include "language/parser/cursor.hpp"
#include "language/values/date.hpp"
#include "language/values/operators.hpp"
#include "language/values/text.hpp"

namespace sluice::language {

namespace {

using Arguments = std::vector<Term>;

/// {$convert: ..}: null for null, and `on_error` for a value that cannot be converted.
std::string converted(const std::string& input, const char* to, const std::string& on_error = "null") {
  return call(
      "$convert",
      json_object({{"input", input}, {"to", json_text(to)}, {"onError", on_error}, {"onNull", "null"}}));
}

/// Calls a text operator on a text; null for any other value, which the server's operator would turn into a
/// text or fail on.
FunctionCall of_text(const char* name, const Term& in) {
  if (in.is_constant()) {
    if (in.type != Type::text) return {null_term()};
    return {{call(name, in.json), Type::text}};
  }
  return {bound("of", in, [&](const Term& one) {
    return Term{call_list("$cond", {is_of(Type::text, one).json, call(name, one.json), "null"}), Type::text};
  })};
}

template <Type from>
FunctionCall to_number(const char* name, const Term& in) {
  return {{call(name, as(from, in).json), Type::number}};
}

/// The number of characters of a text, or of elements of a list; null for any other value.
FunctionCall length_of(const Term& in) {
  if (in.is_constant()) {
    if (in.type != Type::text) return {null_term()};
    return {{call("$strLenCP", in.json), Type::number}};
  }
  return {bound("of", in, [](const Term& one) {
    const Term letters{call("$strLenCP", one.json), Type::number};
    const Term elements{call("$size", one.json), Type::number};
    const Term is_list{call("$isArray", one.json), Type::boolean};
    return first_of({{is_of(Type::text, one), letters}, {is_list, elements}}, null_term());
  })};
}

FunctionCall round_of(const Arguments& in) {
  const std::string places = in.size() == 2 ? in[1].constant : "0";
  const auto number = config::whole_number(places);
  const bool is_number = in.size() == 1 || in[1].type == Type::number;
  if (!number || !is_number || *number < 0 || *number > 20) {
    return {{}, "the places of round() must be a whole number from 0 to 20", true};
  }
  return {{call_list("$round", {as(Type::number, in[0]).json, places}), Type::number}};
}

FunctionCall coalesce_of(const Arguments& in) {
  std::vector<std::string> values;
  for (const Term& value : in) values.push_back(value.json);
  if (values.size() == 1) values.emplace_back("null");  // $ifNull requires two
  return {{call_list("$ifNull", values), common_type(in)}};
}

/// Converts a text to a long if it is a whole number, otherwise to a double. A number is left as it is:
/// converting it to a long would cut its fraction.
FunctionCall number_of(const Term& in) {
  if (in.type == Type::number) return {in};
  return {bound("of", in, [](const Term& one) {
    const std::string number = converted(one.json, "long", converted(one.json, "double"));
    return Term{call_list("$cond", {call("$isNumber", one.json), one.json, number}), Type::number};
  })};
}

/// Whether a text may be converted to a date. The server fails on dates too far from today. So it is given
/// only texts that begin with a year of four digits and continue with digits, signs and the letters T and Z.
std::string may_be_date(const Term& text) {
  constexpr const char* most_bytes = "40";
  const std::string rest =
      call("$ltrim", json_object({{"input", text.json}, {"chars", json_text("0123456789-:.TtZz+ ")}}));
  const std::string year_ends = call_list("$indexOfBytes", {text.json, json_text("-"), "0", "5"});
  return call_list("$and", {call_list("$lte", {call("$strLenBytes", text.json), most_bytes}),
                            call_list("$gte", {text.json, json_text("0")}),
                            call_list("$eq", {year_ends, "4"}), call_list("$eq", {rest, json_text("")})});
}

/// A number is milliseconds since the epoch. It is converted to a long first, since the server makes a date
/// of no other integer.
FunctionCall date_from(const Term& in) {
  if (in.type == Type::date) return {in};
  if (in.is_constant() && in.type == Type::text) {
    if (const auto ms = date_of(in.constant)) return {date_term(*ms)};
    return {{}, "date() needs a text such as '2026-03-01' or '2026-03-01T12:30:00Z'", true};
  }
  return {bound("of", in, [](const Term& one) {
    const std::string of_text = call_list("$cond", {may_be_date(one), one.json, "null"});
    const std::vector<std::string> branches{
        json_object({{"case", call("$isNumber", one.json)}, {"then", converted(one.json, "long")}}),
        json_object({{"case", is_of(Type::text, one).json}, {"then", of_text}})};
    const std::string readable =
        call("$switch", json_object({{"branches", json_list(branches)}, {"default", one.json}}));
    return Term{converted(readable, "date"), Type::date};
  })};
}

FunctionCall event(const char* path, Type type) {
  return {event_term(path, type)};
}

struct Function {
  const char* name;
  std::size_t least;
  std::size_t most;
  FunctionCall (*make)(const Arguments& in);
};

constexpr std::size_t any_number = 1000;

constexpr std::array<Function, 24> functions{{
    {"id", 0, 0, [](const Arguments&) { return event("$documentKey._id", Type::any); }},
    {"operation", 0, 0, [](const Arguments&) { return event("$operationType", Type::text); }},
    {"time", 0, 0, [](const Arguments&) { return event("$wallTime", Type::date); }},
    {"token", 0, 0, [](const Arguments&) { return event("$_id._data", Type::text); }},
    {"collection", 0, 0, [](const Arguments&) { return event("$ns.coll", Type::text); }},
    {"database", 0, 0, [](const Arguments&) { return event("$ns.db", Type::text); }},
    {"abs", 1, 1, [](const Arguments& in) { return FunctionCall{magnitude(in[0])}; }},
    {"lower", 1, 1, [](const Arguments& in) { return of_text("$toLower", in[0]); }},
    {"upper", 1, 1, [](const Arguments& in) { return of_text("$toUpper", in[0]); }},
    {"coalesce", 1, any_number, coalesce_of},
    {"length", 1, 1, [](const Arguments& in) { return length_of(in[0]); }},
    {"round", 1, 2, round_of},
    {"floor", 1, 1, [](const Arguments& in) { return to_number<Type::number>("$floor", in[0]); }},
    {"ceil", 1, 1, [](const Arguments& in) { return to_number<Type::number>("$ceil", in[0]); }},
    {"concat", 1, any_number, [](const Arguments& in) { return FunctionCall{joined(in)}; }},
    {"text", 1, 1, [](const Arguments& in) { return FunctionCall{text_of(in[0])}; }},
    {"number", 1, 1, [](const Arguments& in) { return number_of(in[0]); }},
    {"date", 1, 1, [](const Arguments& in) { return date_from(in[0]); }},
    {"hour", 1, 1, [](const Arguments& in) { return to_number<Type::date>("$hour", in[0]); }},
    {"day", 1, 1, [](const Arguments& in) { return to_number<Type::date>("$dayOfMonth", in[0]); }},
    {"weekday", 1, 1, [](const Arguments& in) { return to_number<Type::date>("$isoDayOfWeek", in[0]); }},
    {"month", 1, 1, [](const Arguments& in) { return to_number<Type::date>("$month", in[0]); }},
    {"year", 1, 1, [](const Arguments& in) { return to_number<Type::date>("$year", in[0]); }},
    {"exists", 1, 1, [](const Arguments& in) { return FunctionCall{exists(in[0])}; }},
}};

const Function* find(std::string_view name) {
  const auto* found =
      std::ranges::find_if(functions, [&](const Function& f) { return same_word(f.name, name); });
  return found == functions.end() ? nullptr : found;
}

std::string unknown(std::string_view name) {
  std::vector<std::string> names{"changed"};
  for (const Function& function : functions) names.emplace_back(function.name);
  return config::unknown_name("function", name, names, names);
}

std::string count_of(const Function& function) {
  if (function.most == 0) return "nothing";
  if (function.most == any_number) return "one value or more";
  return function.least == function.most ? "one value" : "one or two values";
}

}  // namespace

FunctionCall call_function(std::string_view name, const std::vector<Term>& arguments) {
  const Function* function = find(name);
  if (function == nullptr) return {{}, unknown(name)};
  if (arguments.size() < function->least || arguments.size() > function->most) {
    return {{},
            std::string(function->name) + "() takes " + count_of(*function) + ", not " +
                std::to_string(arguments.size()),
            true};
  }
  return function->make(arguments);
}

bool is_function(std::string_view name) {
  return same_word(name, "CHANGED") || find(name) != nullptr;
}

}  // namespace sluice::language
