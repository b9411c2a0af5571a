#include "bson/path.hpp"

#include <string>

namespace sluice::bson {

Components split_path(std::string_view path, std::size_t most) {
  Components components;
  while (components.size() + 1 < most) {
    const auto dot = path.find('.');
    if (dot == std::string_view::npos) break;
    components.push_back(path.substr(0, dot));
    path.remove_prefix(dot + 1);
  }
  components.push_back(path);
  return components;
}

Components listed_path(std::string_view path, View list) {
  Components components;
  for (const auto& [index, value] : list) {
    const auto number = value.integer();
    const std::string text = number ? std::to_string(*number) : std::string(value.text());
    const bool more = !components.empty();
    if (more && !path.starts_with('.')) return {};
    if (more) path.remove_prefix(1);
    if (!path.starts_with(text)) return {};
    components.push_back(path.substr(0, text.size()));
    path.remove_prefix(text.size());
  }
  return path.empty() ? components : Components{};
}

}  // namespace sluice::bson
