#include "config/addresses/redis_url.hpp"

#include <charconv>
#include <optional>

namespace sluice::config {

namespace {

constexpr std::string_view scheme = "redis://";
constexpr std::string_view secure_scheme = "rediss://";
constexpr int most_port = 65'535;
constexpr int most_database = 1'000'000;

std::optional<int> number(std::string_view text, int least, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || value < least || value > most) return std::nullopt;
  return value;
}

/// Empty if a `%` is not followed by two hexadecimal digits.
std::optional<std::string> decoded(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    if (text[0] != '%') {
      plain += text[0];
      text.remove_prefix(1);
      continue;
    }
    int byte = 0;
    const std::string_view digits = text.substr(1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    const bool whole = digits.size() == 2 && error == std::errc() && end == digits.data() + 2;
    if (!whole || byte < 0) return std::nullopt;
    plain += static_cast<char>(byte);
    text.remove_prefix(3);
  }
  return plain;
}

/// Parses one part after the other. Each function returns why its part is invalid, or "".
class Reader {
 public:
  explicit Reader(std::string_view url) : rest_(url) {}

  std::string read(RedisPlace& place) {
    if (rest_.starts_with(secure_scheme)) {
      return "TLS is not supported, because Debian's hiredis is built without it; run a proxy such as "
             "stunnel on this host and connect to that";
    }
    if (!rest_.starts_with(scheme)) return "it must begin with redis://";
    rest_.remove_prefix(scheme.size());
    for (const auto part : {&Reader::user, &Reader::database, &Reader::port}) {
      if (std::string why = (this->*part)(place); !why.empty()) return why;
    }
    place.host = rest_;
    return rest_.empty() ? "it has no host" : "";
  }

 private:
  /// Up to the last '@', because a password that is not percent-encoded may contain one.
  std::string user(RedisPlace& place) {
    const auto at = rest_.rfind('@');
    if (at == std::string_view::npos) return "";
    const std::string_view both = rest_.substr(0, at);
    rest_.remove_prefix(at + 1);
    const auto colon = both.find(':');
    const auto name = decoded(both.substr(0, colon));
    const auto password = decoded(colon == std::string_view::npos ? "" : both.substr(colon + 1));
    if (!name || !password) return "write a % in the user or password as %25";
    place.user = *name;
    place.password = *password;
    return "";
  }

  std::string database(RedisPlace& place) {
    const auto slash = rest_.find('/');
    const std::string_view text =
        slash == std::string_view::npos ? std::string_view{} : rest_.substr(slash + 1);
    rest_ = rest_.substr(0, slash);
    if (text.empty()) return "";
    const auto value = number(text, 0, most_database);
    place.database = value.value_or(0);
    return value ? "" : "the part after the last / must be the number of a database";
  }

  std::string port(RedisPlace& place) {
    const bool in_brackets = rest_.starts_with('[');
    const auto end = in_brackets ? rest_.find(']') : std::string_view::npos;
    if (in_brackets && end == std::string_view::npos) return "the IPv6 address has no closing ]";
    const auto colon = in_brackets ? rest_.find(':', end) : rest_.find(':');
    if (colon != std::string_view::npos) {
      const auto value = number(rest_.substr(colon + 1), 1, most_port);
      if (!value) return "the part after the host's : must be a port";
      place.port = *value;
    }
    rest_ = in_brackets ? rest_.substr(1, end - 1) : rest_.substr(0, colon);
    return "";
  }

  std::string_view rest_;
};

}  // namespace

std::string why_no_redis_url(std::string_view url) {
  RedisPlace place;
  return Reader(url).read(place);
}

RedisPlace redis_place(std::string_view url) {
  RedisPlace place;
  Reader(url).read(place);
  return place;
}

}  // namespace sluice::config
