#pragma once

#include <cstdint>
#include <string>

namespace sluice::tls {

/// What a server says before TLS begins.
enum class Greeting : std::uint8_t {
  none,
  line,  ///< one line of text, as NATS does
};

/// For a connection that failed over its certificate, where the client library does not say why: connects
/// once more, without sending anything but a TLS hello, and looks at the certificate's names. `the
/// certificate of HOST:PORT: it is for NAMES, and HOST is wanted`, or "" where it is for this host or cannot
/// be seen. Blocks for a second at most, and for as long as the host's name takes to be looked up.
std::string certificate_for_others(const std::string& host, int port, Greeting greeting);

}  // namespace sluice::tls
