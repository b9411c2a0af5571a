#pragma once

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

}  // namespace sluice::config
