#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/arguments.hpp"

/// Helpers with which a command reads its own flags.
namespace sluice::cli {

/// The flag's value; absent if it was not given.
std::optional<std::string> given(const Arguments& arguments, std::string_view flag);

/// The flag's time, in milliseconds since the epoch; absent if it was not given. Throws UsageError if its
/// text is not a time.
std::optional<std::int64_t> given_moment(const Arguments& arguments, std::string_view flag);

}  // namespace sluice::cli
