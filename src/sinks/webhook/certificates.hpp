#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sinks/webhook/asio.hpp"
#include "sinks/webhook/endpoint.hpp"

namespace sluice::sinks::webhook {

/// The authorities that an endpoint trusts, and its own certificate. Files that have changed are read again,
/// so certificates can be renewed while the worker runs.
class Certificates {
 public:
  explicit Certificates(const EndpointConfig& config) : config_(config) {}

  /// If the new files cannot be used, the previous certificates stay in use.
  std::optional<Error> refresh();
  /// Absent before the first successful refresh(), and without TLS.
  std::shared_ptr<asio::ssl::context> context() const { return context_; }

 private:
  std::optional<Error> read_into(asio::ssl::context& context) const;

  const EndpointConfig& config_;
  std::shared_ptr<asio::ssl::context> context_;
  std::string read_at_;
};

}  // namespace sluice::sinks::webhook
