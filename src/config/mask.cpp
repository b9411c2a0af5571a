#include "config/mask.hpp"

#include "sluice/config.hpp"

#include <algorithm>
#include <cctype>

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

/// Where a port would begin; the end where there is none, or the host is an IPv6 address.
std::size_t behind_colon(std::string_view host) {
  const std::size_t colon = host.starts_with('[') ? std::string_view::npos : host.find(':');
  return colon == std::string_view::npos ? host.size() : colon + 1;
}

/// A URI that lacks its '@' is broken, but what stands behind the ':' of a host may be a password all the
/// same where it is no port.
std::string mask_hosts(std::string_view hosts) {
  std::string masked;
  while (!hosts.empty()) {
    const std::size_t end = std::min(hosts.find(','), hosts.size());
    const std::string_view host = hosts.substr(0, end);
    const std::size_t behind = behind_colon(host);
    const bool is_port = host.find_first_not_of("0123456789", behind) == std::string_view::npos;
    masked += is_port ? host : host.substr(0, behind);
    if (!is_port) masked += kHidden;
    if (end < hosts.size()) masked += ',';
    hosts.remove_prefix(std::min(end + 1, hosts.size()));
  }
  return masked;
}

}  // namespace

std::string mask_uri(std::string_view uri) {
  const std::size_t scheme = uri.find("://");
  const std::size_t start = scheme == std::string_view::npos ? 0 : scheme + 3;
  std::string masked(uri.substr(0, start));
  std::string_view rest = uri.substr(start);
  // The last '@', since a password that was not percent-encoded may hold '@', '/' and '?' itself.
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

/// A comma may stand in the hosts of one URI too; a new one begins where a scheme does.
std::string mask_uris(std::string_view uris) {
  std::string masked;
  while (true) {
    std::size_t end = uris.find("://", uris.find("://") == std::string_view::npos ? 0 : uris.find("://") + 3);
    end = end == std::string_view::npos ? end : uris.rfind(',', end);
    if (end == std::string_view::npos) return masked + mask_uri(uris);
    masked += mask_uri(uris.substr(0, end)) + ",";
    uris.remove_prefix(end + 1);
  }
}

}  // namespace sluice::config

std::string sluice::NatsConfig::shown_url() const {
  return config::mask_uris(url);
}

std::string sluice::RedisConfig::shown_url() const {
  return config::mask_uri(url);
}
