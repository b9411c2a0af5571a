#pragma once

#include <string_view>

#include "sluice/error.hpp"

namespace sluice::sinks::redis {

/// What the server refused a command with (`OOM command not allowed ...`), by what it asks for, and with what
/// to do about it. Only what is wrong with the very command is ErrorKind::own_fault; a server that is full,
/// is loading or is a replica is so for every other command too, and so is whatever we do not know.
Error refusal(std::string_view answer);

}  // namespace sluice::sinks::redis
