#pragma once

#include <string>
#include <string_view>

#include "text/json_writer.hpp"

namespace sluice::text {

/// A text in quotes as mongosh reads it, whatever is in it.
inline std::string in_shell(std::string_view text) {
  return text::JsonWriter().text({}, text).json();
}

}  // namespace sluice::text
