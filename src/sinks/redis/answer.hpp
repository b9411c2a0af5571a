#pragma once

#include <string_view>

#include "sluice/error.hpp"

namespace sluice::sinks::redis {

/// Turns the server's error (`OOM command not allowed ...`) into an Error whose kind and text say what to do.
/// Only errors of the command itself are ErrorKind::own_fault. A full, loading or read-only server affects
/// every command, and unknown errors are treated the same.
Error refusal(std::string_view answer);

}  // namespace sluice::sinks::redis
