#include "rules/shared/joined_texts.hpp"

#include <algorithm>
#include <cstring>

#include "bson/text.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::rules {

namespace {

using Place = std::vector<std::string>;

/// Joins the parts of a text. Null counts as empty text, as on the server.
std::string joined(bson::View parts) {
  std::string text;
  for (const auto& [index, part] : parts) {
    if (!part.is_null() && part.type() != BSON_TYPE_UNDEFINED) bson::append_text(text, part);
  }
  return text;
}

bool is_in_parts(const bson::Value& made, const Place& place) {
  bson::Value value = made;
  for (const std::string& name : place) value = value.document().at(name);
  return value.is_array();
}

/// Copies a document or list, with the texts at `places` joined. The names of the places are compared from
/// `depth` on.
void copy(bson::View from, const std::vector<const Place*>& places, std::size_t depth, bool is_list,
          bson::Builder& out) {
  for (const auto& [key, value] : from) {
    std::vector<const Place*> here;
    std::ranges::copy_if(places, std::back_inserter(here),
                         [&, name = key](const Place* place) { return (*place)[depth] == name; });
    const std::string_view name = is_list ? out.item() : key;
    const bool ends =
        std::ranges::any_of(here, [&](const Place* place) { return place->size() == depth + 1; });
    if (here.empty() || (!value.is_document() && !value.is_array())) {
      out.append(name, value);
    } else if (ends) {
      out.append(name, std::string_view(joined(value.document())));
    } else {
      value.is_array() ? out.open_array(name) : out.open(name);
      copy(value.document(), here, depth + 1, value.is_array(), out);
      out.close();
    }
  }
}

bson::Value text_value(std::string_view text, Arena& arena) {
  bson::Builder alone;
  const bson::Value value = alone.append("v", text).finish().at("v");
  return {value.type(), arena.keep(value.raw())};
}

}  // namespace

bson::Value with_texts_joined(const bson::Value& made, const std::vector<Place>& places, Arena& arena) {
  std::vector<const Place*> found;
  for (const Place& place : places) {
    if (is_in_parts(made, place)) found.push_back(&place);
  }
  if (found.empty()) return made;
  if (found.front()->empty()) return text_value(joined(made.document()), arena);
  bson::Builder out;
  if (made.is_array()) {
    out.open_array("v");
    copy(made.document(), found, 0, true, out);
    const bson::Value list = out.close().finish().at("v");
    return {list.type(), arena.keep(list.raw())};
  }
  copy(made.document(), found, 0, false, out);
  const bson::View whole = out.finish();
  return {BSON_TYPE_DOCUMENT, arena.keep(std::span(whole.data(), whole.size()))};
}

}  // namespace sluice::rules
