#include "sinks/aws/credentials.hpp"

#include <algorithm>
#include <ctime>

#include "sinks/aws/json.hpp"

namespace sluice::sinks::aws {

namespace {

std::string_view stripped(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

bool usable(const Credentials& credentials) {
  return !credentials.key_id.empty() && !credentials.secret.empty();
}

}  // namespace

std::optional<Credentials> credentials_in_file(std::string_view text, std::string_view profile) {
  Credentials found;
  bool inside = false;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = stripped(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[' && line.back() == ']') {
      inside = stripped(line.substr(1, line.size() - 2)) == profile;
      continue;
    }
    const auto equals = line.find('=');
    if (!inside || equals == std::string_view::npos) continue;
    const std::string_view name = stripped(line.substr(0, equals));
    const std::string_view value = stripped(line.substr(equals + 1));
    if (name == "aws_access_key_id") found.key_id = value;
    if (name == "aws_secret_access_key") found.secret = value;
    if (name == "aws_session_token") found.session_token = value;
  }
  return usable(found) ? std::optional(found) : std::nullopt;
}

std::optional<Credentials> credentials_in_answer(std::string_view json) {
  const JsonAnswer answer(json);
  Credentials found{std::string(answer.root().at("AccessKeyId").text()),
                    std::string(answer.root().at("SecretAccessKey").text()),
                    std::string(answer.root().at("Token").text())};
  const std::string_view expires = answer.root().at("Expiration").text();
  if (!expires.empty()) {
    found.expires = parse_utc(expires);
    if (!found.expires) return std::nullopt;
  }
  return usable(found) ? std::optional(found) : std::nullopt;
}

std::optional<std::chrono::system_clock::time_point> parse_utc(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  const char* rest = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return std::nullopt;
  std::string_view zone = rest;
  if (zone.starts_with('.'))
    zone.remove_prefix(std::min(zone.find_first_not_of("0123456789", 1), zone.size()));
  if (zone != "Z") return std::nullopt;
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

}  // namespace sluice::sinks::aws
