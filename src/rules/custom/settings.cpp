#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "config/names.hpp"
#include "config/problems.hpp"
#include "sluice/extensions.hpp"

namespace sluice {

namespace {

using Value = CustomSettings::Value;

std::optional<double> number_of(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size() && std::isfinite(number);
  return whole ? std::optional(number) : std::nullopt;
}

Value read_text(const Settings& settings, const SettingSpec& spec) {
  std::string text = settings.text(spec.name);
  if (!spec.allowed.empty() && std::ranges::find(spec.allowed, text) == spec.allowed.end())
    settings.fail(spec.name, "'" + spec.name + "' must be " + config::not_among(text, spec.allowed));
  return text;
}

std::string wanted_integer(const SettingSpec& spec) {
  using Limits = std::numeric_limits<std::int64_t>;
  const bool least = spec.least > Limits::min();
  const bool most = spec.most < Limits::max();
  if (least && most)
    return "a whole number from " + std::to_string(spec.least) + " to " + std::to_string(spec.most);
  if (least) return "a whole number of at least " + std::to_string(spec.least);
  if (most) return "a whole number of at most " + std::to_string(spec.most);
  return "a whole number";
}

Value read_integer(const Settings& settings, const SettingSpec& spec) {
  const std::string wanted = wanted_integer(spec);
  const std::string text = settings.scalar(spec.name, wanted);
  const auto number = config::whole_number(text);
  if (!number || *number < spec.least || *number > spec.most)
    settings.fail(spec.name, "'" + spec.name + "' must be " + wanted + ", not '" + text + "'");
  return static_cast<std::int64_t>(*number);
}

Value read_number(const Settings& settings, const SettingSpec& spec) {
  const std::string text = settings.scalar(spec.name, "a number");
  const auto number = number_of(text);
  if (!number) settings.fail(spec.name, "'" + spec.name + "' must be a number, not '" + text + "'");
  return *number;
}

Value read_stated(const Settings& settings, const SettingSpec& spec) {
  switch (spec.type) {
    case SettingType::text:
      return read_text(settings, spec);
    case SettingType::integer:
      return read_integer(settings, spec);
    case SettingType::number:
      return read_number(settings, spec);
    case SettingType::boolean:
      return settings.choice(spec.name, {"true", "false"}, "false") == "true";
    case SettingType::texts:
      return settings.one_or_more(spec.name);
    case SettingType::json:
      return settings.json(spec.name);
  }
  return std::string();
}

/// The value of a default. Extensions has checked that it is valid.
Value read_fallback(const SettingSpec& spec) {
  const std::string& text = *spec.fallback;
  switch (spec.type) {
    case SettingType::integer:
      return static_cast<std::int64_t>(config::whole_number(text).value_or(0));
    case SettingType::number:
      return number_of(text).value_or(0);
    case SettingType::boolean:
      return text == "true";
    case SettingType::texts:
      return text.empty() ? std::vector<std::string>() : std::vector{text};
    case SettingType::text:
    case SettingType::json:
      break;
  }
  return text;
}

template <typename T>
const T& as(const Value& value, std::string_view name) {
  if (const T* found = std::get_if<T>(&value)) return *found;
  throw std::logic_error("the setting '" + std::string(name) + "' was declared with another type");
}

}  // namespace

CustomSettings::CustomSettings(const Settings& settings, const std::vector<SettingSpec>& specs)
    : settings_(settings) {
  config::Problems problems;
  for (const SettingSpec& spec : specs) {
    try {
      const bool stated = settings.has(spec.name);
      if (stated) stated_.push_back(spec.name);
      values_.emplace(spec.name,
                      stated || !spec.fallback ? read_stated(settings, spec) : read_fallback(spec));
    } catch (const ConfigError& error) {
      config::append(problems, error);
    }
  }
  if (!problems.empty()) throw config::PlacedError(std::move(problems));
}

const Value& CustomSettings::value(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end())
    throw std::logic_error("the setting '" + std::string(name) + "' was not declared");
  return found->second;
}

const std::string& CustomSettings::text(std::string_view name) const {
  return as<std::string>(value(name), name);
}
std::int64_t CustomSettings::integer(std::string_view name) const {
  return as<std::int64_t>(value(name), name);
}
double CustomSettings::number(std::string_view name) const {
  return as<double>(value(name), name);
}
bool CustomSettings::boolean(std::string_view name) const {
  return as<bool>(value(name), name);
}
const std::vector<std::string>& CustomSettings::texts(std::string_view name) const {
  return as<std::vector<std::string>>(value(name), name);
}
const std::string& CustomSettings::json(std::string_view name) const {
  return as<std::string>(value(name), name);
}

bool CustomSettings::stated(std::string_view name) const {
  value(name);
  return std::ranges::find(stated_, name) != stated_.end();
}

void CustomSettings::fail(std::string_view name, const std::string& message) const {
  settings_.fail(name, message);
}

}  // namespace sluice
