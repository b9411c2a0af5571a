#pragma once

#include <string>

#include "sluice/settings.hpp"

namespace sluice::test {

/// The sentence with which `act` is refused; "" if it throws no `Thrown`.
template <typename Thrown = ConfigError, typename Act>
std::string refusal_of(Act act) {
  try {
    act();
    return "";
  } catch (const Thrown& error) {
    return error.what();
  }
}

}  // namespace sluice::test
