#pragma once

#include <string>
#include <vector>

#include "sluice/arena.hpp"
#include "sluice/change.hpp"

namespace sluice {

/// The data that all copies of a Change share: a copy of the event's bytes, and views into it.
struct Change::Body {
  Body(bson::View document, std::string_view idempotency_key, int attempt);
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  std::vector<std::uint8_t> bytes;
  std::string key;
  int attempt;
  ChangeEvent event;
  mutable Arena arena;  ///< for values that must be built
};

}  // namespace sluice
