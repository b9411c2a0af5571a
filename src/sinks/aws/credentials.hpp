#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::sinks::aws {

struct Credentials {
  std::string key_id;
  std::string secret;
  std::string session_token = {};  ///< of temporary credentials
  std::optional<std::chrono::system_clock::time_point> expires = {};
};

/// The credentials of a profile in the text of a shared credentials file (INI). Nothing if the profile is
/// missing, or has no key id or secret.
std::optional<Credentials> credentials_in_file(std::string_view text, std::string_view profile);

/// The credentials in the answer of an instance's or container's metadata service. Nothing if the answer
/// holds none.
std::optional<Credentials> credentials_in_answer(std::string_view json);

/// A UTC time such as `2026-11-29T12:00:00Z`. Nothing for any other text.
std::optional<std::chrono::system_clock::time_point> parse_utc(std::string_view text);

}  // namespace sluice::sinks::aws
