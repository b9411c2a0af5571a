#pragma once

#include <string_view>

#include "sluice/error.hpp"

namespace sluice::sinks::redis {

/// The error for a server's error reply (such as `OOM command not allowed ...`), classified and with advice.
/// Its kind is own_fault only if the command itself is at fault. Conditions of the server, which affect all
/// commands (it is full, is loading, is a replica), are `unavailable` or `denied`; unknown errors are
/// `unavailable`.
Error refusal(std::string_view answer);

}  // namespace sluice::sinks::redis
