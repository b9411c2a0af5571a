#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/arguments.hpp"

/// What commands read of their own flags.
namespace sluice::cli {

std::optional<std::string> given(const Arguments& arguments, std::string_view flag);

/// A time, in milliseconds since the epoch. Throws UsageError for a text that is none.
std::optional<std::int64_t> given_moment(const Arguments& arguments, std::string_view flag);

}  // namespace sluice::cli
