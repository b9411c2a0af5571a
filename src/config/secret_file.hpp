#pragma once

#include <string>

namespace sluice::config {

/// What a file holds, without the line's end that editors add. Throws ConfigError, with a sentence that names
/// the file and `whose` secret it should hold.
std::string secret_in(const std::string& file, const std::string& whose);

}  // namespace sluice::config
