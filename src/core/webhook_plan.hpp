#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/payload_format.hpp"
#include "sluice/effect.hpp"

namespace sluice {

/// Where and how a rule's requests are sent. Each rule makes one plan, which all its effects share. A
/// message's verb is the HTTP method, its address is path and query, and its id is the Idempotency-Key.
struct WebhookPlan final : DeliveryPlan {
  static constexpr std::string_view sink_name = "webhook";

  /// A web service and how it is called. Rules that state equal services share its connections and its
  /// circuit breaker.
  struct Service {
    std::string origin;     ///< scheme://host[:port]
    std::string ca_file;    ///< PEM; empty: the system's certificate authorities
    std::string cert_file;  ///< PEM; empty: no client certificate is sent
    std::string key_file;   ///< empty: the key is in cert_file
    int concurrency = 16;   ///< requests in flight at most
    std::int64_t connect_timeout_ms = 5'000;
    std::int64_t timeout_ms = 10'000;  ///< for a whole request, without connecting
    int breaker_failures = 5;  ///< consecutive failures after which the service is not called for a while
    std::int64_t breaker_open_ms = 1'000;
    std::int64_t breaker_most_open_ms = 30'000;

    friend bool operator==(const Service&, const Service&) = default;
  };

  enum class Verdict : std::uint8_t { done, retry, dead };

  /// For each kind of failure, after how many such attempts the event becomes a dead letter; nullopt: never.
  struct Attempts {
    std::optional<int> network;  ///< the connection failed or broke
    std::optional<int> timeout;  ///< timeout of connecting or of the answer; status 408
    std::optional<int> status_5xx;
    std::optional<int> throttled;  ///< status 425, 429 or 503
  };

  Service service;
  PayloadFormat format = PayloadFormat::relaxed_json;
  int together = 1;  ///< messages of one group in a request at most; if more than 1, the body is a list
  Attempts attempts;
  std::map<unsigned, Verdict> statuses;  ///< what these status codes mean, in place of the default
  // The key that requests are signed with: at most one of these is set. If none is, requests are not signed.
  std::string secret;
  std::string secret_file;
  std::string secret_env;  ///< name of an environment variable

  std::string_view sink() const override { return sink_name; }
};

}  // namespace sluice
