#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/addresses/url_origin.hpp"

namespace sluice::config {

/// The parts of `amqp://user:password@host:port,host:port/vhost`, or of an `amqps` URL for TLS. Several hosts
/// are the nodes of a cluster.
struct AmqpPlace {
  bool tls = false;
  std::vector<UrlOrigin> origins;  ///< at least one
  std::string user = "guest";
  std::string password = "guest";
  bool has_password = false;  ///< the URL states one
  std::string vhost = "/";
};

/// Why `url` is not a supported AMQP URL, or "".
std::string why_no_amqp_url(std::string_view url);

/// The parts of a supported URL. User, password and virtual host are percent-decoded.
AmqpPlace amqp_place(std::string_view url);

}  // namespace sluice::config
