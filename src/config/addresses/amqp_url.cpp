#include "config/addresses/amqp_url.hpp"

#include "text/percent.hpp"
#include "text/port.hpp"

namespace sluice::config {

namespace {

constexpr std::string_view amqp_scheme = "amqp://";
constexpr std::string_view amqps_scheme = "amqps://";
constexpr std::size_t most_vhost = 255;
constexpr std::uint16_t plain_port = 5672;
constexpr std::uint16_t tls_port = 5671;

/// Parses one part after the other. Each function returns why its part is invalid, or "".
class AmqpReader {
 public:
  explicit AmqpReader(std::string_view url) : rest_(url) {}

  std::string read(AmqpPlace& place) {
    place.tls = rest_.starts_with(amqps_scheme);
    if (!place.tls && !rest_.starts_with(amqp_scheme)) return "it must begin with amqp:// or amqps://";
    rest_.remove_prefix(place.tls ? amqps_scheme.size() : amqp_scheme.size());
    for (const auto part : {&AmqpReader::user, &AmqpReader::vhost, &AmqpReader::hosts}) {
      if (std::string why = (this->*part)(place); !why.empty()) return why;
    }
    return "";
  }

 private:
  /// Up to the last '@', because a password that is not percent-encoded may contain one.
  std::string user(AmqpPlace& place) {
    const auto at = rest_.rfind('@');
    has_user_ = at != std::string_view::npos;
    if (!has_user_) return "";
    const std::string_view both = rest_.substr(0, at);
    rest_.remove_prefix(at + 1);
    const auto colon = both.find(':');
    const auto name = text::percent_decoded(both.substr(0, colon));
    place.has_password = colon != std::string_view::npos;
    const auto password = text::percent_decoded(place.has_password ? both.substr(colon + 1) : "");
    if (!name || !password) return "write a % in the user or password as %25";
    place.user = *name;
    place.password = *password;
    return name->empty() ? "the part before the @ has no user" : "";
  }

  std::string vhost(AmqpPlace& place) {
    if (rest_.find('?') != std::string_view::npos)
      return "it has no parameters; TLS files and times have options of their own";
    const auto slash = rest_.find('/');
    const std::string_view name =
        slash == std::string_view::npos ? std::string_view{} : rest_.substr(slash + 1);
    rest_ = rest_.substr(0, slash);
    if (name.empty()) return "";
    const auto decoded = text::percent_decoded(name);
    if (!decoded) return "write a % in the virtual host as %25";
    if (name.find('/') != std::string_view::npos) return "write a / in the virtual host as %2F";
    if (decoded->size() > most_vhost) return "a virtual host has at most 255 bytes";
    place.vhost = *decoded;
    return "";
  }

  /// Separated by commas.
  std::string hosts(AmqpPlace& place) {
    while (true) {
      const auto comma = rest_.find(',');
      std::string_view host = rest_.substr(0, comma);
      std::optional<std::uint16_t> port;
      if (std::string why = text::take_port(host, port, has_user_); !why.empty()) return why;
      if (host.empty()) return "it has no host";
      const int number = port.value_or(place.tls ? tls_port : plain_port);
      place.origins.push_back({place.tls, std::string(host), std::to_string(number)});
      if (comma == std::string_view::npos) return "";
      rest_.remove_prefix(comma + 1);
    }
  }

  std::string_view rest_;
  bool has_user_ = false;
};

}  // namespace

std::string why_no_amqp_url(std::string_view url) {
  AmqpPlace place;
  return AmqpReader(url).read(place);
}

AmqpPlace amqp_place(std::string_view url) {
  AmqpPlace place;
  AmqpReader(url).read(place);
  return place;
}

}  // namespace sluice::config
