#pragma once

#include <string>
#include <string_view>

namespace sluice::cli {

/// JSON with a line for each field and two spaces for each level. What Extended JSON writes for one value
/// (`{ "$oid" : "..." }`) stays on its line.
std::string indented(std::string_view json);

}  // namespace sluice::cli
