#include "language/values/values.hpp"

#include <algorithm>
#include <vector>

#include "bson/path.hpp"
#include "language/expression.hpp"
#include "language/parser/parser.hpp"
#include "language/raw.hpp"
#include "language/values/constants.hpp"

namespace sluice::language {

namespace {

constexpr int deepest_value = 80;

/// A field of the new document: a map of fields, or an expression.
struct Field {
  std::string name;
  std::string json;  ///< empty for a map
  std::vector<Field> fields;

  std::string written() const {
    if (!json.empty()) return json;
    if (fields.empty()) return call("$literal", "{}");
    Members members;
    for (const Field& field : fields) members.emplace_back(field.name, field.written());
    return json_object(members);
  }
};

[[noreturn]] void fail(const std::string& field, const std::string& reason) {
  throw LanguageError(field.empty() ? reason : "'" + field + "': " + reason);
}

bool is_raw(const bson::Value& value) {
  return value.is_document() && !value.document().empty() && value.document().begin()->key.starts_with('$');
}

class Values {
 public:
  explicit Values(Reads& reads) : reads_(reads) {}

  std::vector<std::vector<std::string>> take_texts() { return std::move(texts_); }

  std::string expression(const std::string& field, const bson::Value& value, int depth) {
    if (depth > deepest_value) fail(field, "values are nested too deeply");
    if (is_raw(value)) return raw_expression(value, reads_);
    if (value.type() == BSON_TYPE_UTF8) return text(field, value.text());
    if (value.is_array()) return list(field, value.document(), depth);
    if (!value.is_document()) return call("$literal", json_of(value));
    Field map;
    add(map, field, value.document(), depth);
    return map.written();
  }

 private:
  std::string text(const std::string& field, std::string_view text) {
    try {
      Cursor cursor(text, most_expression_bytes);
      const Term term = Parser(cursor, reads_).expression();
      if (!cursor.is(TokenKind::end)) cursor.fail_expecting("an operator or the end");
      const Compiled compiled = finished(term, reads_);
      if (!compiled.texts.empty()) texts_.push_back(place_);
      return compiled.json;
    } catch (const LanguageError& error) {
      fail(field, error.what());
    }
  }

  std::string list(const std::string& field, bson::View list, int depth) {
    std::vector<std::string> items;
    for (const auto& [index, value] : list) {
      place_.emplace_back(index);
      items.push_back(expression(field + "[" + std::string(index) + "]", value, depth + 1));
      place_.pop_back();
    }
    return json_list(items);
  }

  void add(Field& map, const std::string& above, bson::View values, int depth) {
    if (depth > deepest_value) fail(above, "values are nested too deeply");
    for (const auto& [key, value] : values) {
      const std::string field = (above.empty() ? "" : above + ".") + std::string(key);
      Field& place = place_of(map, field, key);
      const bool is_map = value.is_document() && !is_raw(value);
      if (!place.json.empty() || (!is_map && !place.fields.empty())) fail(field, "this appears twice");
      const std::size_t above_here = place_.size();
      for (const std::string_view name : bson::split_path(key, deepest_value + 1)) place_.emplace_back(name);
      if (is_map) {
        add(place, field, value.document(), depth + 1);
      } else {
        place.json = expression(field, value, depth + 1);
      }
      place_.resize(above_here);
    }
  }

  static Field& place_of(Field& map, const std::string& field, std::string_view path) {
    Field* place = &map;
    for (const std::string_view name : bson::split_path(path, deepest_value + 1)) {
      if (name.empty()) fail(field, "a field name must not be empty");
      if (name.starts_with('$'))
        fail(field,
             "a field name must not begin with $, and an expression must be the only entry of its map");
      if (name.find('.') != std::string_view::npos) fail(field, "values are nested too deeply");
      if (!place->json.empty()) fail(field, "this appears twice, once as part of another field");
      const auto known = std::ranges::find(place->fields, name, &Field::name);
      place = known != place->fields.end() ? &*known
                                           : &place->fields.emplace_back(Field{std::string(name), {}, {}});
    }
    return *place;
  }

  Reads& reads_;
  std::vector<std::string> place_;  ///< the names that lead to the value being compiled
  std::vector<std::vector<std::string>> texts_;
};

}  // namespace

Compiled compile_value(const std::string& field, const bson::Value& value) {
  Reads reads;
  Values values(reads);
  const std::string json = values.expression(field, value, 1);
  try {
    Compiled compiled = finished({json}, reads);
    compiled.texts = values.take_texts();
    return compiled;
  } catch (const LanguageError& error) {
    fail(field, error.reason());
  }
}

Compiled compile_values(bson::View values) {
  return compile_value("", values.as_value());
}

}  // namespace sluice::language
