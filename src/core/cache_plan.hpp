#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/effect.hpp"

namespace sluice {

/// How a rule keeps its keys in Redis. Each rule makes one plan, which all its effects share. A message's
/// verb is `drop` or `set`, its address is the key. The value to set is the message's text, or its payload in
/// `format`.
struct CachePlan final : DeliveryPlan {
  static constexpr std::string_view sink_name = "redis";
  static constexpr std::string_view drop = "UNLINK";
  static constexpr std::string_view set = "SET";

  enum class Format : std::uint8_t { relaxed_json, canonical_json, bson };

  Format format = Format::relaxed_json;
  std::int64_t ttl_ms = 0;  ///< expiry of keys that are set; 0: none

  std::string_view sink() const override { return sink_name; }
};

}  // namespace sluice
