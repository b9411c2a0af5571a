#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sinks/net/asio.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks::net {

/// How a client uses TLS.
struct TlsFiles {
  bool tls = false;
  std::string ca_file;    ///< PEM; empty: the system's certificate authorities
  std::string cert_file;  ///< PEM, with its chain; empty: no client certificate is sent
  std::string key_file;   ///< empty: the key is in cert_file
};

/// A client's trusted authorities and its client certificate. Files may be renewed while the worker runs:
/// they are read again when their times have changed.
class Certificates {
 public:
  explicit Certificates(TlsFiles files) : files_(std::move(files)) {}

  /// Reads changed files. If the new certificates cannot be used, returns an error and keeps the last good
  /// ones.
  std::optional<Error> refresh();
  /// Null before the first successful refresh(), and without TLS.
  std::shared_ptr<asio::ssl::context> context() const { return context_; }

 private:
  std::optional<Error> read_into(asio::ssl::context& context) const;

  const TlsFiles files_;
  std::shared_ptr<asio::ssl::context> context_;
  std::string read_at_;
};

}  // namespace sluice::sinks::net
