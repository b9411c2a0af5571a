#pragma once

#include <string>

namespace sluice::config {

/// The contents of a file without trailing line ends. Throws ConfigError naming the file and `whose` secret
/// it should contain.
std::string secret_in(const std::string& file, const std::string& whose);

}  // namespace sluice::config
