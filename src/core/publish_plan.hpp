#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/payload_format.hpp"
#include "sluice/effect.hpp"

namespace sluice {

/// The configuration of a JetStream stream: used to create a missing stream, and compared with an existing
/// one. Zero leaves a limit to the server.
struct StreamShape {
  enum class Retention : std::uint8_t { limits, interest, work_queue };

  std::string name;
  std::vector<std::string> subjects;
  std::vector<std::string> needed;  ///< those that messages have: one that is there already must take them
  bool create = true;               ///< make it where it is missing
  Retention retention = Retention::limits;
  bool discard_new = false;  ///< a full stream refuses what is new, instead of dropping what is old
  std::int64_t replicas = 1;
  std::int64_t duplicate_window_ms = 120'000;
  std::int64_t max_age_ms = 0;
  std::int64_t max_bytes = 0;
  std::int64_t max_messages = 0;
};

/// A collection in which the resume tokens of what is published are stored for another program, as documents
/// {value: "<the token's _data>"}. It is made where it is missing.
struct TokenPlace {
  std::string database;
  std::string collection;
  bool capped = false;             ///< a document for each token; otherwise one that is replaced
  std::int64_t size_bytes = 4096;  ///< of a capped one

  friend bool operator==(const TokenPlace&, const TokenPlace&) = default;
};

/// Where and how a rule's messages are published. Made once by a rule, shared by all its effects.
struct PublishPlan final : DeliveryPlan {
  static constexpr std::string_view sink_name = "jetstream";

  using Format = PayloadFormat;

  StreamShape stream;
  Format format = Format::relaxed_json;
  /// Messages of one JetStream stream come in the order of the changes, whichever documents they are about;
  /// otherwise only those about one document do.
  bool in_order = false;
  std::optional<TokenPlace> tokens = {};
  std::string message_id;  ///< how messages get their ids, as the rule states it

  std::string_view sink() const override { return sink_name; }
};

}  // namespace sluice
