#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::sinks::webhook {

/// The signature by which a receiver recognises genuine requests: `t=<seconds>,v1=<HMAC-SHA256 of
/// "<seconds>.<body>" in hexadecimal digits>`.
std::string sign(std::string_view secret, std::int64_t unix_seconds, std::string_view body);

}  // namespace sluice::sinks::webhook
