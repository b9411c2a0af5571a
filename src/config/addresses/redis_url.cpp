#include "config/addresses/redis_url.hpp"

#include <charconv>
#include <optional>

#include "text/percent.hpp"
#include "text/port.hpp"

namespace sluice::config {

namespace {

constexpr std::string_view scheme = "redis://";
constexpr std::string_view secure_scheme = "rediss://";
constexpr int most_database = 1'000'000;

std::optional<int> number(std::string_view text, int least, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || value < least || value > most) return std::nullopt;
  return value;
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
    has_user_ = at != std::string_view::npos;
    if (!has_user_) return "";
    const std::string_view both = rest_.substr(0, at);
    rest_.remove_prefix(at + 1);
    const auto colon = both.find(':');
    const auto name = text::percent_decoded(both.substr(0, colon));
    const auto password =
        text::percent_decoded(colon == std::string_view::npos ? "" : both.substr(colon + 1));
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
    std::optional<std::uint16_t> value;
    std::string why = text::take_port(rest_, value, has_user_);
    if (value) place.port = *value;
    return why;
  }

  std::string_view rest_;
  bool has_user_ = false;
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
