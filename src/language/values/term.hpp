#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "language/compiled.hpp"
#include "language/values/json.hpp"

namespace sluice::language {

/// What a value is known to be, unless it is null or missing.
enum class Type : std::uint8_t { any, number, text, boolean, date };

enum class Form : std::uint8_t {
  constant,
  plain,     ///< a path or a variable: may be written twice
  computed,  ///< is bound to a variable where it is needed twice, or nested terms would grow without limit
};

/// A piece of an aggregation expression. None has variables of its own to be seen from outside.
struct Term {
  std::string json;
  Type type = Type::any;
  Form form = Form::computed;
  std::string constant = {};  ///< a constant number or text as it was written, and NULL where that was
  std::vector<std::string> parts = {};  ///< of a text: the values that it is joined of

  bool is_constant() const { return form == Form::constant; }
  bool is_null() const { return is_constant() && json == "null"; }
};

Term null_term();
Term boolean_term(bool yes);
/// `json` as JSON has it, with the sign.
Term number_term(const std::string& json);
Term text_term(std::string_view text);
Term date_term(std::int64_t ms_since_epoch);
/// A path of the event itself, such as `$operationType`.
Term event_term(std::string_view path, Type type);

enum class Image : std::uint8_t { before, after };

/// What was read of the images, each path once.
struct Reads {
  std::vector<std::string> before;
  std::vector<std::string> after;

  void add(Image image, const std::string& path);
};

/// The server follows no more than twice as many.
inline constexpr std::size_t most_path_names = 100;

/// A field of an image, by the names that lead to it; without any, the image itself.
Term field_term(Image image, const std::vector<std::string>& names, Reads& reads);

/// {$let: ..} where `value` is computed, so that `body` may write it as often as it needs to. A body must not
/// bind the name again and still use what it was given.
template <class Body>
Term bound(const std::string& name, const Term& value, Body body) {
  if (value.form != Form::computed) return body(value);
  const Term inside = body(Term{json_text("$$" + name), value.type, Form::plain});
  return {call("$let", json_object({{"vars", json_object({{name, value.json}})}, {"in", inside.json}})),
          inside.type};
}

/// The whole, once it is put together. Throws LanguageError where it nests deeper than can be read.
Compiled finished(const Term& term, const Reads& reads);

}  // namespace sluice::language
