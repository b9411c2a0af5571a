#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::sinks::webhook {

/// The value of the Sluice-Signature header, by which a receiver verifies that a request is from us:
/// `t=<seconds>,v1=<HMAC-SHA256 of "<seconds>.<body>" in hexadecimal digits>`.
std::string sign(std::string_view secret, std::int64_t unix_seconds, std::string_view body);

}  // namespace sluice::sinks::webhook
