#include "language/values/text.hpp"

#include <algorithm>
#include <array>

#include "bson/raii.hpp"
#include "bson/text.hpp"
#include "language/error.hpp"
#include "language/values/double_text.hpp"

namespace sluice::language {

namespace {

/// The value to convert to text. No other expression binds a variable of this name.
const Term given{json_text("$$given"), Type::any, Form::plain};

std::string server_text(const std::string& json) {
  return call("$toString", json);
}

/// Pads the text of a number with leading zeros to `width` characters.
std::string padded(const std::string& number, std::size_t width) {
  const std::string size = call("$strLenBytes", number);
  const std::string wide = json_text(std::string(width, '0'));
  const std::string missing = call_list("$subtract", {std::to_string(width), size});
  const std::string zeros = call_list("$substrBytes", {wide, "0", call_list("$max", {missing, "0"})});
  return call_list("$concat", {zeros, number});
}

/// $toString fails on years outside 0 to 9999. So the date is moved by a multiple of 400 years, after which
/// the calendar repeats, to a year with four digits. The sums stay within 64 bits.
std::string far_date_text() {
  constexpr const char* ms_of_400_years = R"({"$numberLong":"12622780800000"})";
  const std::string year = json_text("$$year");
  const std::string times = call("$floor", call_list("$divide", {year, "400"}));
  const std::string late = call_list("$cond", {call_list("$gt", {year, "0"}), "20", "0"});
  const std::string moved = call_list(
      "$subtract",
      {given.json,
       call_list("$multiply", {call("$toLong", call_list("$subtract", {times, late})), ms_of_400_years})});
  const std::string rest =
      call("$dateToString", json_object({{"date", moved}, {"format", json_text("-%m-%dT%H:%M:%S.%LZ")}}));
  const std::string sign =
      call_list("$cond", {call_list("$lt", {year, "0"}), json_text("-"), json_text("+")});
  const std::string digits =
      let({{"digits", server_text(call("$abs", year))}}, padded(json_text("$$digits"), 6));
  return call_list("$concat", {sign, digits, rest});
}

std::string date_text() {
  const std::string year = json_text("$$year");
  const std::string near =
      call_list("$and", {call_list("$gte", {year, "0"}), call_list("$lte", {year, "9999"})});
  return let({{"year", call("$year", given.json)}},
             call_list("$cond", {near, server_text(given.json), far_date_text()}));
}

std::string timestamp_text() {
  return call_list("$concat",
                   {json_text(R"({"$timestamp":{"t":)"), server_text(call("$tsSecond", given.json)),
                    json_text(R"(,"i":)"), server_text(call("$tsIncrement", given.json)), json_text("}}")});
}

struct Branch {
  std::vector<const char*> types;  ///< as $type returns them
  std::string text;
};

std::string by_type(const std::vector<Branch>& branches) {
  std::vector<std::string> cases;
  for (const Branch& branch : branches) {
    std::vector<std::string> names;
    for (const char* name : branch.types) names.push_back(json_text(name));
    const std::string holds = names.size() == 1 ? call_list("$eq", {json_text("$$type"), names.front()})
                                                : call_list("$in", {json_text("$$type"), json_list(names)});
    cases.push_back(json_object({{"case", holds}, {"then", branch.text}}));
  }
  return let({{"type", call("$type", given.json)}},
             call("$switch", json_object({{"branches", json_list(cases)}, {"default", "null"}})));
}

/// The text of the value in the variable `given`.
std::string text_of_given(Type type) {
  const Branch as_number{{"int", "long", "decimal"}, server_text(given.json)};
  const Branch as_double{{"double"}, double_text(given).json};
  switch (type) {
    case Type::text:
      return given.json;
    case Type::boolean:
      return server_text(given.json);
    case Type::number:
      return by_type({as_number, as_double});
    case Type::date:
      return by_type({{{"date"}, date_text()}});
    case Type::any:
      break;
  }
  return by_type({{{"string"}, given.json},
                  {{"int", "long", "decimal", "bool", "objectId"}, server_text(given.json)},
                  as_double,
                  {{"date"}, date_text()},
                  {{"timestamp"}, timestamp_text()},
                  {{"minKey"}, json_text(R"({"$minKey":1})")},
                  {{"maxKey"}, json_text(R"({"$maxKey":1})")}});
}

/// The text of a constant is computed here, not on the server.
Term text_of_constant(const Term& value) {
  if (value.type == Type::text) return value;
  if (value.is_null() || value.type == Type::any) return null_term();
  const std::string whole = R"({"v":)" + value.json + "}";
  bson::Document parsed;
  bson_error_t error{};
  if (!bson_init_from_json(parsed.out(), whole.data(), static_cast<ssize_t>(whole.size()), &error)) {
    bson_init(parsed.get());  // the failed parse left it uninitialised
    throw LanguageError("'" + value.json + "' cannot be written as text: " + error.message);
  }
  return text_term(bson::text_of(bson::View(*parsed.get()).at("v")));
}

std::string or_empty(const std::string& text) {
  return call_list("$ifNull", {text, json_text("")});
}

/// The parts of a joined text. Adjacent constants are merged into one.
std::vector<Term> parts_of(const std::vector<Term>& terms) {
  std::vector<Term> all;
  for (const Term& term : terms) {
    if (!term.is_constant()) {
      // A joined text within another one contributes its own parts.
      for (const std::string& part : term.parts) all.push_back(Term{part});
      if (term.parts.empty()) all.push_back(term);
      continue;
    }
    const std::string text = text_of_constant(term).constant;
    if (!all.empty() && all.back().is_constant()) {
      all.back() = text_term(all.back().constant + text);
    } else {
      all.push_back(text_term(text));
    }
  }
  return all;
}

}  // namespace

Term text_of(const Term& value) {
  if (value.is_constant()) return text_of_constant(value);
  if (value.type == Type::text) return value;
  return {
      let({{"given", value.json}}, text_of_given(value.type)), Type::text, Form::computed, {}, {value.json}};
}

Term joined(const std::vector<Term>& terms) {
  const std::vector<Term> parts = parts_of(terms);
  if (parts.size() == 1 && parts.front().is_constant()) return parts.front();
  std::vector<std::string> values;
  for (const Term& part : parts) values.push_back(part.json);
  // The expression for a value of unknown type is large, so it is written once for all parts.
  if (std::ranges::count(parts, Type::any, &Term::type) > 1) {
    const std::string text = or_empty(let({{"given", json_text("$$this")}}, text_of_given(Type::any)));
    return {call("$reduce", json_object({{"input", json_list(values)},
                                         {"initialValue", json_text("")},
                                         {"in", call_list("$concat", {json_text("$$value"), text})}})),
            Type::text,
            Form::computed,
            {},
            values};
  }
  std::vector<std::string> texts;
  for (const Term& part : parts)
    texts.push_back(part.is_constant() ? part.json : or_empty(text_of(part).json));
  return {call_list("$concat", texts), Type::text, Form::computed, {}, values};
}

std::string text_or_parts(const Term& text) {
  constexpr std::array without_text{
      "object", "array", "binData", "regex", "symbol", "javascript", "javascriptWithScope", "dbPointer"};
  std::vector<std::string> names;
  for (const char* type : without_text) names.push_back(json_text(type));
  const std::string is_one = call_list("$in", {call("$type", json_text("$$this")), json_list(names)});
  const std::string each = call("$map", json_object({{"input", json_text("$$parts")}, {"in", is_one}}));
  return let({{"parts", json_list(text.parts)}},
             call_list("$cond", {call_list("$anyElementTrue", {each}), json_text("$$parts"), text.json}));
}

}  // namespace sluice::language
