#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sinks/webhook/asio.hpp"
#include "sinks/webhook/endpoint.hpp"

namespace sluice::sinks::webhook {

/// Whom an endpoint trusts and what it shows of itself. Certificates may be renewed while we run: they are
/// read anew when a file has changed.
class Certificates {
 public:
  explicit Certificates(const EndpointConfig& config) : config_(config) {}

  /// Those that were good last stay when the new ones cannot be used.
  std::optional<Error> refresh();
  /// Nothing before the first refresh() that went well, or without TLS.
  std::shared_ptr<asio::ssl::context> context() const { return context_; }

 private:
  std::optional<Error> read_into(asio::ssl::context& context) const;

  const EndpointConfig& config_;
  std::shared_ptr<asio::ssl::context> context_;
  std::string read_at_;
};

}  // namespace sluice::sinks::webhook
