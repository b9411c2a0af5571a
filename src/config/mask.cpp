#include "config/mask.hpp"

#include "sluice/config.hpp"

#include <algorithm>
#include <cctype>

#include "text/port.hpp"
#include "text/url.hpp"

namespace sluice::config {
namespace {

constexpr std::string_view kHidden = "***";

std::string lowered(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

/// `tlsCertificateKeyFilePassword=...`, `authMechanismProperties=AWS_SESSION_TOKEN:...`
bool is_secret(std::string_view parameter) {
  const std::string lower = lowered(parameter);
  const std::string name = lower.substr(0, lower.find('='));
  return name.find("password") != std::string::npos || name.find("secret") != std::string::npos ||
         name.find("token") != std::string::npos || lower.find("_token") != std::string::npos;
}

std::string mask_query(std::string_view query) {
  std::string masked;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find_first_of("&;"), query.size());
    const std::string_view parameter = query.substr(0, end);
    const std::size_t equals = parameter.find('=');
    if (equals != std::string_view::npos && is_secret(parameter)) {
      masked += parameter.substr(0, equals + 1);
      masked += kHidden;
    } else {
      masked += parameter;
    }
    if (end < query.size()) masked += query[end];
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return masked;
}

/// Offset of the port; the end if there is none or the host is an IPv6 address.
std::size_t behind_colon(std::string_view host) {
  const std::size_t colon = host.starts_with('[') ? std::string_view::npos : host.find(':');
  return colon == std::string_view::npos ? host.size() : colon + 1;
}

/// A URI without '@' is broken, but the text after a host's ':' may still be a password if it is not a port.
std::string mask_hosts(std::string_view hosts) {
  std::string masked;
  while (!hosts.empty()) {
    const std::size_t end = std::min(hosts.find(','), hosts.size());
    const std::string_view host = hosts.substr(0, end);
    const std::size_t behind = behind_colon(host);
    const bool hidden =
        behind < host.size() && text::may_be_password(host.substr(0, behind - 1), host.substr(behind));
    masked += hidden ? host.substr(0, behind) : host;
    if (hidden) masked += kHidden;
    if (end < hosts.size()) masked += ',';
    hosts.remove_prefix(std::min(end + 1, hosts.size()));
  }
  return masked;
}

}  // namespace

std::string mask_uri(std::string_view uri) {
  const std::size_t start = text::behind_scheme(uri);
  std::string masked(uri.substr(0, start));
  std::string_view rest = uri.substr(start);
  // The last '@', because a password that is not percent-encoded may contain '@', '/' and '?'.
  const std::size_t at = rest.rfind('@');
  if (at == std::string_view::npos) {
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    masked += mask_hosts(rest.substr(0, end));
    rest.remove_prefix(end);
  } else {
    const std::string_view user = rest.substr(0, std::min(rest.find(':'), at));
    masked += user;
    if (user.size() < at) masked.append(":").append(kHidden);
    masked += '@';
    rest.remove_prefix(at + 1);
  }
  const std::size_t question = rest.find('?');
  if (question == std::string_view::npos) return masked.append(rest);
  masked += rest.substr(0, question + 1);
  return masked + mask_query(rest.substr(question + 1));
}

/// The host list of one URI may contain commas too; a new URI starts with a scheme.
std::string mask_uris(std::string_view uris) {
  std::string masked;
  while (true) {
    std::size_t end = uris.find("://", text::behind_scheme(uris));
    end = end == std::string_view::npos ? end : uris.rfind(',', end);
    if (end == std::string_view::npos) return masked + mask_uri(uris);
    masked += mask_uri(uris.substr(0, end)) + ",";
    uris.remove_prefix(end + 1);
  }
}

bool names_secret(std::string_view name) {
  const std::string lower = lowered(name);
  if (lower.ends_with("_env") || lower.ends_with("_file") || lower == "idempotency-key") return false;
  for (const std::string_view part : {"authorization", "token", "secret", "password", "cookie", "credential",
                                      "apikey", "api-key", "api_key", "access-key", "auth-key"}) {
    if (lower.find(part) != std::string::npos) return true;
  }
  return false;
}

std::string mask_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const std::size_t colon = line.find(": ");
    const bool secret = colon != std::string_view::npos && names_secret(line.substr(0, colon));
    out += secret ? std::string(line.substr(0, colon + 2)) + std::string(kHidden) : std::string(line);
    if (end < text.size()) out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

namespace {

/// The offset after the quoted text that starts at `at`. Quotes are doubled within '..' and escaped within
/// "..".
std::size_t end_of_quoted(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote && i + 1 < text.size() && text[i + 1] == quote && quote == '\'') {
      ++i;
    } else if (text[i] == quote) {
      return i + 1;
    }
  }
  return text.size();
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

bool is_url(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

}  // namespace

std::string mask_address(std::string_view address) {
  if (is_url(address)) return mask_uri(address);
  const std::size_t question = address.starts_with('/') ? address.find('?') : std::string_view::npos;
  if (question == std::string_view::npos) return std::string(address);
  return std::string(address.substr(0, question + 1)) + mask_query(address.substr(question + 1));
}

std::string mask_rule(std::string_view text) {
  std::string out;
  std::string last;     // the last name
  bool for_it = false;  // it was followed by ':' or '=', so a value comes next
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    std::size_t end = at + 1;
    std::string_view inside;
    const bool quoted = c == '\'' || c == '"';
    if (quoted) {
      end = end_of_quoted(text, at);
      inside = text.substr(at + 1, end - at - (end - at > 1 ? 2 : 1));
    } else if (is_word(c)) {
      while (end < text.size() && is_word(text[end])) ++end;
      inside = text.substr(at, end - at);
    }
    if (inside.empty()) {
      if (c == ':' || c == '=') for_it = true;
      if (c == '\n' || c == ',' || c == '{' || c == '}') for_it = false;
      out += text.substr(at, end - at);
    } else if (for_it && names_secret(last)) {
      // An unquoted value extends to the end of its line.
      if (!quoted) end = std::min(text.find('\n', at), text.size());
      out += quoted ? std::string(1, c) + std::string(kHidden) + c : std::string(kHidden);
      for_it = false;
      last.clear();
    } else {
      out += quoted && is_url(inside) ? c + mask_uri(inside) + c : std::string(text.substr(at, end - at));
      last = inside;
      for_it = false;
    }
    at = end;
  }
  return out;
}

}  // namespace sluice::config

std::string sluice::NatsConfig::shown_url() const {
  return config::mask_uris(url);
}

std::string sluice::RedisConfig::shown_url() const {
  return config::mask_uri(url);
}

std::string sluice::RabbitConfig::shown_url() const {
  return config::mask_uri(url);
}
