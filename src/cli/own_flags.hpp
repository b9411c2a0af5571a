#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/arguments.hpp"

/// How a command reads its own flags.
namespace sluice::cli {

std::optional<std::string> given(const Arguments& arguments, std::string_view flag);

/// The flag's time, in milliseconds since the epoch. Throws UsageError if its text is not a time.
std::optional<std::int64_t> given_moment(const Arguments& arguments, std::string_view flag);

}  // namespace sluice::cli
