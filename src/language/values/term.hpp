#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "language/compiled.hpp"
#include "language/values/json.hpp"

namespace sluice::language {

/// The type that a value is known to have if it is neither null nor missing.
enum class Type : std::uint8_t { any, number, text, boolean, date };

enum class Form : std::uint8_t {
  constant,
  plain,     ///< a path or a variable: may be written several times
  computed,  ///< has to be bound to a variable if it is used twice; otherwise nested terms would grow without
             ///< limit
};

/// A part of an aggregation expression. It has no free variables.
struct Term {
  std::string json;
  Type type = Type::any;
  Form form = Form::computed;
  std::string constant = {};            ///< a constant number or text, or NULL, as it was written
  std::vector<std::string> parts = {};  ///< of a text: the values that it is joined from

  bool is_constant() const { return form == Form::constant; }
  bool is_null() const { return is_constant() && json == "null"; }
};

Term null_term();
Term boolean_term(bool yes);
/// A number; `json` is in JSON's notation, with its sign.
Term number_term(const std::string& json);
Term text_term(std::string_view text);
Term date_term(std::int64_t ms_since_epoch);
/// A path of the event itself, such as `$operationType`.
Term event_term(std::string_view path, Type type);

enum class Image : std::uint8_t { before, after };

/// The fields read of the images, each path once.
struct Reads {
  std::vector<std::string> before;
  std::vector<std::string> after;

  void add(Image image, const std::string& path);
};

/// The maximum length of a path; the server allows about twice as much.
inline constexpr std::size_t most_path_names = 100;

/// A field of an image, given by the names that lead to it; without names, the image itself.
Term field_term(Image image, const std::vector<std::string>& names, Reads& reads);

/// {$let: ..} if `value` is computed, so that `body` may use it several times. A body must not bind the same
/// name again and then use the value it was given.
template <class Body>
Term bound(const std::string& name, const Term& value, Body body) {
  if (value.form != Form::computed) return body(value);
  const Term inside = body(Term{json_text("$$" + name), value.type, Form::plain});
  return {call("$let", json_object({{"vars", json_object({{name, value.json}})}, {"in", inside.json}})),
          inside.type};
}

/// The complete expression. Throws LanguageError if it nests more deeply than can be parsed.
Compiled finished(const Term& term, const Reads& reads);

}  // namespace sluice::language
