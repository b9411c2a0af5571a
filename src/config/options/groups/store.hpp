#pragma once

#include <string>
#include <type_traits>

#include "config/options/options.hpp"

/// How the tables store a value in the configuration. `Path` names the member to set, from the outside in:
/// `set_number<&Config::engine, &EngineConfig::lanes>` sets `config.engine.lanes`.
namespace sluice::config {

template <auto... Path>
void set_number(Config& config, const OptionValue& value) {
  auto& member = (config.*....*Path);
  member = static_cast<std::remove_reference_t<decltype(member)>>(value.number);
}

template <auto... Path>
void set_text(Config& config, const OptionValue& value) {
  (config.*....*Path) = value.text;
}

template <auto... Path>
void set_flag(Config& config, const OptionValue& value) {
  (config.*....*Path) = value.number != 0;
}

/// An IPv6 address may be given in brackets, as in a URL.
inline std::string without_brackets(const std::string& text) {
  const bool brackets = text.size() > 2 && text.starts_with('[') && text.ends_with(']');
  return brackets ? text.substr(1, text.size() - 2) : text;
}

}  // namespace sluice::config
