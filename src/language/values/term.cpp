#include "language/values/term.hpp"

#include <algorithm>

#include "language/error.hpp"
#include "language/values/text.hpp"

namespace sluice::language {

namespace {

/// libbson parses at most 100 levels of JSON, and the expression becomes part of a larger document.
constexpr std::size_t max_nested = 80;

/// Whether the name cannot be part of a path on the server.
bool is_odd(const std::string& name) {
  return name.starts_with('$') || name.find('.') != std::string::npos;
}

}  // namespace

Term null_term() {
  return {"null", Type::any, Form::constant};
}

Term boolean_term(bool yes) {
  return {yes ? "true" : "false", Type::boolean, Form::constant};
}

Term number_term(const std::string& json) {
  return {json, Type::number, Form::constant, json};
}

Term text_term(std::string_view text) {
  const std::string json = json_text(text);
  return {text.starts_with('$') ? call("$literal", json) : json, Type::text, Form::constant,
          std::string(text)};
}

Term date_term(std::int64_t ms_since_epoch) {
  return {call("$date", call("$numberLong", json_text(std::to_string(ms_since_epoch)))), Type::date,
          Form::constant};
}

Term event_term(std::string_view path, Type type) {
  return {json_text(path), type, Form::plain};
}

void Reads::add(Image image, const std::string& path) {
  std::vector<std::string>& paths = image == Image::before ? before : after;
  if (std::ranges::find(paths, path) == paths.end()) paths.push_back(path);
}

Term field_term(Image image, const std::vector<std::string>& names, Reads& reads) {
  if (names.size() > most_path_names) {
    throw LanguageError("a path has at most " + std::to_string(most_path_names) + " names");
  }
  std::string path = image == Image::before ? "$fullDocumentBeforeChange" : "$fullDocument";
  std::string read;
  auto name = names.begin();
  for (; name != names.end() && !is_odd(*name); ++name) {
    path += "." + *name;
    read += (read.empty() ? "" : ".") + *name;
  }
  reads.add(image, read);
  Term term = event_term(path, Type::any);
  for (; name != names.end(); ++name) {
    const std::string field = call("$literal", json_text(*name));
    term = {call("$getField", json_object({{"field", field}, {"input", term.json}}))};
  }
  return term;
}

Compiled finished(const Term& term, const Reads& reads) {
  const bool bare = term.is_constant() && !term.json.starts_with("{\"$literal\"");
  Compiled compiled{bare ? call("$literal", term.json) : term.json, reads.before, reads.after};
  if (!term.parts.empty()) {
    compiled.json = text_or_parts(term);
    compiled.texts.emplace_back();
  }
  if (nesting(compiled.json) > max_nested) {
    throw LanguageError("this is nested too deeply: at most " + std::to_string(max_nested) +
                        " levels once it is compiled");
  }
  return compiled;
}

}  // namespace sluice::language
