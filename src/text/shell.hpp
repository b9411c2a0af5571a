#pragma once

#include <string>
#include <string_view>

#include "text/json.hpp"

namespace sluice::text {

/// A text in quotes as mongosh reads it, whatever is in it.
inline std::string in_shell(std::string_view text) {
  return json_text(text);
}

}  // namespace sluice::text
