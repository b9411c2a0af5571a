#pragma once

#include <string>
#include <string_view>

#include "observe/json_writer.hpp"

namespace sluice::pipeline {

/// A text in quotes as mongosh reads it, whatever is in it.
inline std::string in_shell(std::string_view text) {
  return observe::JsonWriter().text({}, text).json();
}

}  // namespace sluice::pipeline
