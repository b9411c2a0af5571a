#include "config/load/sources.hpp"

#include <fmt/format.h>

#include <utility>

namespace sluice::config {
namespace {

Sourced checked(const Option& option, const std::string& text, Origin origin) {
  OptionValue value = parse_value(option, text, origin);
  return {std::move(value), std::move(origin)};
}

}  // namespace

Sources::Sources(Settings file, const Values& flags, const Values& environment)
    : file_(std::move(file)), flags_(flags), environment_(environment) {}

void Sources::know(const Option& option) {
  for (const std::string_view path : {option.path, option.other_path}) {
    const std::size_t dot = path.rfind('.');
    if (dot == std::string_view::npos) continue;  // OptionsReader::check_keys knows the top level
    const Settings* section = find_section(path.substr(0, dot));
    if (section != nullptr) section->has(path.substr(dot + 1));
  }
}

std::optional<Sourced> Sources::stated_outside(const Option& option) const {
  if (const auto found = flags_.find(option.name); found != flags_.end()) {
    return checked(option, found->second, {Origin::Kind::flag, fmt::format("--{}", option.name)});
  }
  const auto found = option.env.empty() ? environment_.end() : environment_.find(option.env);
  if (found == environment_.end() || found->second.empty()) return std::nullopt;
  return checked(option, found->second, {Origin::Kind::environment, std::string(option.env)});
}

std::optional<Sourced> Sources::stated_in_file(const Option& option) {
  auto stated = stated_at(option.path, option);
  auto other = stated_at(option.other_path, option);
  return stated ? std::move(stated) : std::move(other);
}

std::optional<Sourced> Sources::stated_at(std::string_view path, const Option& option) {
  if (path.empty()) return std::nullopt;
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return stated_in(file_, path, option);
  const Settings* section = find_section(path.substr(0, dot));
  return section ? stated_in(*section, path.substr(dot + 1), option) : std::nullopt;
}

std::optional<Sourced> Sources::stated_in(const Settings& settings, std::string_view key,
                                          const Option& option) {
  if (!settings.has(key)) return std::nullopt;
  return checked(option, settings.scalar(key), {Origin::Kind::file, settings.place(key)});
}

Sourced Sources::effective(const Option& option) {
  auto outside = stated_outside(option);
  auto inside = stated_in_file(option);
  if (outside) return *std::move(outside);
  return inside ? *std::move(inside) : fallback(option);
}

Sourced Sources::fallback(const Option& option) {
  if (option.type == OptionType::flag) return {{"false", 0}, {}};
  if (option.fallback.empty()) return {{"", 0}, {}};
  return checked(option, std::string(option.fallback), {});
}

void Sources::done() const {
  for (const auto& [name, section] : sections_) section.done();
}

const Settings* Sources::find_section(std::string_view name) {
  const auto known = sections_.find(name);
  if (known != sections_.end()) return &known->second;
  const std::size_t dot = name.rfind('.');
  const Settings* parent = dot == std::string_view::npos ? &file_ : find_section(name.substr(0, dot));
  const std::string_view key = dot == std::string_view::npos ? name : name.substr(dot + 1);
  if (parent == nullptr || !parent->has(key)) return nullptr;
  return &sections_.emplace(std::string(name), parent->section(key)).first->second;
}

}  // namespace sluice::config
