#pragma once

#include <string>
#include <string_view>

namespace sluice::cli {

/// JSON with a line for each field and two spaces for each level. A single value of Extended JSON
/// (`{ "$oid" : "..." }`) stays on one line.
std::string indented(std::string_view json);

}  // namespace sluice::cli
