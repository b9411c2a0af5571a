#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/effect.hpp"

namespace sluice {

/// How a rule's keys are kept in Redis. Made once by a rule, shared by all its effects. The message's verb is
/// one of these two, its address the key, and what a `set` puts there its text, or its payload in the plan's
/// format.
struct CachePlan final : DeliveryPlan {
  static constexpr std::string_view sink_name = "redis";
  static constexpr std::string_view drop = "UNLINK";
  static constexpr std::string_view set = "SET";

  enum class Format : std::uint8_t { relaxed_json, canonical_json, bson };

  Format format = Format::relaxed_json;
  std::int64_t ttl_ms = 0;  ///< expiry of a key that is set; 0: none

  std::string_view sink() const override { return sink_name; }
};

}  // namespace sluice
