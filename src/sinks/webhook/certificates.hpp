#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sinks/webhook/asio.hpp"
#include "sinks/webhook/endpoint.hpp"

namespace sluice::sinks::webhook {

/// An endpoint's trusted authorities and its client certificate. Files may be renewed while the worker runs:
/// they are read again when their times have changed.
class Certificates {
 public:
  explicit Certificates(const EndpointConfig& config) : config_(config) {}

  /// Reads changed files. If the new certificates cannot be used, returns an error and keeps the last good
  /// ones.
  std::optional<Error> refresh();
  /// Null before the first successful refresh(), and without TLS.
  std::shared_ptr<asio::ssl::context> context() const { return context_; }

 private:
  std::optional<Error> read_into(asio::ssl::context& context) const;

  const EndpointConfig& config_;
  std::shared_ptr<asio::ssl::context> context_;
  std::string read_at_;
};

}  // namespace sluice::sinks::webhook
