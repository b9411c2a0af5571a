#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/payload_format.hpp"
#include "sluice/effect.hpp"

namespace sluice {

/// Where and how a rule's requests are sent. Made once by a rule, shared by all its effects. Of a message the
/// verb is the method, the address is path and query, and the id is the Idempotency-Key.
struct WebhookPlan final : DeliveryPlan {
  static constexpr std::string_view sink_name = "webhook";

  /// A service, and how it is treated. Rules that state the same share its connections and its breaker.
  struct Service {
    std::string origin;     ///< scheme://host[:port]
    std::string ca_file;    ///< PEM; empty: the authorities that the system trusts
    std::string cert_file;  ///< PEM; empty: no certificate is shown
    std::string key_file;   ///< empty: the key is in cert_file
    int concurrency = 16;   ///< requests under way
    std::int64_t connect_timeout_ms = 5'000;
    std::int64_t timeout_ms = 10'000;  ///< of a whole request, connecting not included
    int breaker_failures = 5;  ///< consecutive failures after which the service is not called for a while
    std::int64_t breaker_open_ms = 1'000;
    std::int64_t breaker_most_open_ms = 30'000;

    friend bool operator==(const Service&, const Service&) = default;
  };

  enum class Verdict : std::uint8_t { done, retry, dead };

  /// After so many attempts that end in this way the event becomes a dead letter; absent: never.
  struct Attempts {
    std::optional<int> network;  ///< no connection, or it broke
    std::optional<int> timeout;  ///< connecting, or no complete answer in time; 408
    std::optional<int> status_5xx;
    std::optional<int> throttled;  ///< 425, 429 and 503
  };

  Service service;
  PayloadFormat format = PayloadFormat::relaxed_json;
  int together = 1;  ///< messages of one group that a request may hold; with more than one it holds a list
  Attempts attempts;
  std::map<unsigned, Verdict> statuses;  ///< what these mean, whatever they mean to others
  // What requests are signed with; at most one is stated, and without any they are not signed.
  std::string secret;
  std::string secret_file;
  std::string secret_env;  ///< a variable's name

  std::string_view sink() const override { return sink_name; }
};

}  // namespace sluice
