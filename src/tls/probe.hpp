#pragma once

#include <cstdint>
#include <string>

namespace sluice::tls {

/// What a server says before TLS begins.
enum class Greeting : std::uint8_t {
  none,
  line,  ///< one line of text, as NATS does
};

/// Explains a connection that failed because of its certificate, where the client library does not say why.
/// Connects once more, sends only a TLS hello, and reads the names in the server's certificate. Returns `the
/// certificate of HOST:PORT: it is for NAMES, and HOST is wanted`, or "" if the certificate is for this host
/// or was not received. Blocks for one second at most, plus the time to resolve the host name.
std::string certificate_for_others(const std::string& host, int port, Greeting greeting);

}  // namespace sluice::tls
