#include "language/raw.hpp"

#include <optional>
#include <string_view>

#include "language/error.hpp"
#include "language/values/constants.hpp"

namespace sluice::language {

namespace {

constexpr int deepest_expression = 80;

/// The rest of `path` below `root`: "" if the path is the root itself, absent if the path is not below it.
std::optional<std::string_view> behind(std::string_view path, std::string_view root) {
  if (!path.starts_with(root)) return std::nullopt;
  path.remove_prefix(root.size());
  if (path.empty()) return path;
  if (path[0] != '.') return std::nullopt;
  return path.substr(1);
}

std::string named(std::string_view text) {
  for (const auto& [name, image] : {std::pair<std::string_view, std::string_view>{"$NEW", "$fullDocument"},
                                    {"$OLD", "$fullDocumentBeforeChange"}}) {
    if (behind(text, name)) return std::string(image) + std::string(text.substr(name.size()));
  }
  return std::string(text);
}

void note(std::string_view text, Reads& reads) {
  for (const std::string_view whole : {"$$ROOT", "$$CURRENT"}) {
    const auto path = behind(text, whole);
    if (!path) continue;
    if (path->empty()) {
      reads.add(Image::before, "");
      reads.add(Image::after, "");
    }
    note("$" + std::string(*path), reads);
  }
  if (const auto path = behind(text, "$fullDocument")) reads.add(Image::after, std::string(*path));
  if (const auto path = behind(text, "$fullDocumentBeforeChange"))
    reads.add(Image::before, std::string(*path));
}

std::string written(const bson::Value& value, Reads& reads, int depth) {
  if (depth > deepest_expression) throw LanguageError("an expression is nested too deeply");
  if (value.type() == BSON_TYPE_UTF8) {
    json_of(value);  // throws if the text is invalid
    const std::string text = named(value.text());
    note(text, reads);
    return json_text(text);
  }
  if (!value.is_document() && !value.is_array()) return json_of(value);
  Members members;
  std::vector<std::string> items;
  for (const auto& [key, inside] : value.document()) {
    const bool literal = value.is_document() && key == "$literal";
    std::string json = literal ? json_of(inside) : written(inside, reads, depth + 1);
    if (value.is_array()) {
      items.push_back(std::move(json));
    } else {
      members.emplace_back(std::string(key), std::move(json));
    }
  }
  return value.is_array() ? json_list(items) : json_object(members);
}

}  // namespace

std::string raw_expression(const bson::Value& value, Reads& reads) {
  return written(value, reads, 1);
}

}  // namespace sluice::language
