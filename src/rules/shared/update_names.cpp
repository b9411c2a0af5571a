#include "rules/shared/update_names.hpp"

#include <algorithm>

namespace sluice::rules {

namespace {

bool is_inside(std::string_view path, std::string_view outer) {
  return path.size() > outer.size() && path.starts_with(outer) && path[outer.size()] == '.';
}

bool is_dotted(std::string_view name) {
  return name.find('.') != std::string_view::npos;
}

bool is_array_index(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::size_t count_components(std::string_view path) {
  return static_cast<std::size_t>(std::ranges::count(path, '.')) + 1;
}

bool holds_values(const bson::Value& value) {
  return value.is_document() || value.is_array();
}

}  // namespace

bool leads(bson::View document, const bson::Components& components) {
  for (std::size_t i = 0; i + 1 < components.size(); ++i) {
    const bson::Value value = document.at(components[i]);
    if (!holds_values(value)) return false;
    document = value.document();
  }
  return true;
}

UpdateNames::UpdateNames(const ChangeEvent& event, std::string_view path)
    : event_(event), path_(path), depth_(count_components(path)) {}

std::optional<bson::Components> UpdateNames::read(std::string_view name, std::size_t most) {
  const bool inside = is_inside(name, path_);
  if (!inside && name != path_ && !is_inside(path_, name)) return std::nullopt;
  if (!is_dotted(name)) return bson::Components{name};
  if (exact()) return read_listed(name, most);
  if (event_.before) {
    if (!can_be_path(name)) return std::nullopt;
    if (can_be_dotted_name(name)) {
      unclear_ = true;
      return std::nullopt;
    }
  }
  return bson::split_path(name, most);
}

std::optional<bson::Components> UpdateNames::read_listed(std::string_view name, std::size_t most) {
  if (listed_.empty()) {
    for (const auto& [key, value] : event_.update.disambiguated) {
      const auto [known, fresh] = listed_.emplace(key, value.document());
      if (!fresh) known->second = {};  // a path and a dotted name with the same text were both changed
    }
  }
  const auto list = listed_.find(name);
  bson::Components components =
      list == listed_.end() ? bson::split_path(name, most) : bson::listed_path(name, list->second);
  unclear_ = unclear_ || components.empty() || components.size() > most;
  if (unclear_) return std::nullopt;
  const bson::Components path = bson::split_path(path_, depth_);
  const auto differs = std::ranges::mismatch(components, path);
  const bool related = differs.in1 == components.end() || differs.in2 == path.end();
  return related ? std::optional(std::move(components)) : std::nullopt;
}

bool UpdateNames::can_be_path(std::string_view name) {
  if (!looked_) look_along_path();
  if (!is_inside(name, path_)) return holders_ + 1 >= count_components(name);
  if (holders_ < depth_) return false;
  const std::string_view rest = name.substr(path_.size() + 1);
  return !ends_in_array_ || is_array_index(rest.substr(0, rest.find('.')));
}

bool UpdateNames::can_be_dotted_name(std::string_view name) const {
  if (event_.detail == Detail::needed && event_.dotted_names) return true;
  return std::ranges::any_of(dotted_names_, [&](const DottedName& dotted) {
    return name == dotted.text || (dotted.holds_values && is_inside(name, dotted.text));
  });
}

void UpdateNames::look_along_path() {
  looked_ = true;
  std::string way;
  bson::View document = event_.before;
  for (const std::string_view component : bson::split_path(path_, depth_)) {
    bson::Value next;
    for (const auto& [name, value] : document) {
      if (name == component) next = value;
      if (is_inside(name, component)) dotted_names_.push_back({way + std::string(name), holds_values(value)});
    }
    if (!holds_values(next)) return;
    ++holders_;
    ends_in_array_ = next.is_array();
    document = next.is_document() ? next.document() : bson::View{};
    way += std::string(component) + ".";
  }
}

}  // namespace sluice::rules
