#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "language/compiled.hpp"
#include "language/values/json.hpp"

namespace sluice::language {

/// The type that a value is known to have, unless it is null or missing.
enum class Type : std::uint8_t { any, number, text, boolean, date };

enum class Form : std::uint8_t {
  constant,
  plain,     ///< a path or a variable: may be written more than once
  computed,  ///< bound to a variable where it is needed twice, or nested terms would grow without limit
};

/// A part of an aggregation expression. Variables that a term binds are not visible outside it.
struct Term {
  std::string json;
  Type type = Type::any;
  Form form = Form::computed;
  std::string constant = {};            ///< a constant number or text as written; "NULL" for a literal NULL
  std::vector<std::string> parts = {};  ///< for a joined text: the values that it is joined from

  bool is_constant() const { return form == Form::constant; }
  bool is_null() const { return is_constant() && json == "null"; }
};

Term null_term();
Term boolean_term(bool yes);
/// `json` is a JSON number, with its sign.
Term number_term(const std::string& json);
Term text_term(std::string_view text);
Term date_term(std::int64_t ms_since_epoch);
/// A path of the event itself, such as `$operationType`.
Term event_term(std::string_view path, Type type);

enum class Image : std::uint8_t { before, after };

/// The paths that are read from the images, each once.
struct Reads {
  std::vector<std::string> before;
  std::vector<std::string> after;

  void add(Image image, const std::string& path);
};

/// The most names in a path. The server's limit is twice as high.
inline constexpr std::size_t most_path_names = 100;

/// A field of an image, given by the names that lead to it; without names, the image itself. Adds the path to
/// `reads`.
Term field_term(Image image, const std::vector<std::string>& names, Reads& reads);

/// Binds a computed `value` to a variable by $let, so that `body` may use it more than once; passes other
/// values to `body` as they are. Within `body`, the value must not be used inside another binding of the same
/// name.
template <class Body>
Term bound(const std::string& name, const Term& value, Body body) {
  if (value.form != Form::computed) return body(value);
  const Term inside = body(Term{json_text("$$" + name), value.type, Form::plain});
  return {call("$let", json_object({{"vars", json_object({{name, value.json}})}, {"in", inside.json}})),
          inside.type};
}

/// Compiles a complete term. Throws LanguageError if it is nested too deeply to be parsed again.
Compiled finished(const Term& term, const Reads& reads);

}  // namespace sluice::language
