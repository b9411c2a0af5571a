#pragma once

#include <string>
#include <string_view>

#include "text/json.hpp"

namespace sluice::text {

/// `text` as a quoted string for mongosh, with escapes where they are needed.
inline std::string in_shell(std::string_view text) {
  return json_text(text);
}

}  // namespace sluice::text
