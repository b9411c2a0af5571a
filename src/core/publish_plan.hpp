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
  std::vector<std::string> needed;  ///< subjects that the messages use; an existing stream must accept them
  bool create = true;               ///< create the stream if it is missing
  Retention retention = Retention::limits;
  bool discard_new = false;  ///< a full stream refuses new messages; otherwise it drops old ones
  std::int64_t replicas = 1;
  std::int64_t duplicate_window_ms = 120'000;
  std::int64_t max_age_ms = 0;
  std::int64_t max_bytes = 0;
  std::int64_t max_messages = 0;
};

/// A collection in which the resume tokens of published changes are stored for another program, as documents
/// {value: "<the token's _data>"}. It is created if it is missing.
struct TokenPlace {
  std::string database;
  std::string collection;
  /// A capped collection with a document for each token; otherwise one document that is replaced.
  bool capped = false;
  std::int64_t size_bytes = 4096;  ///< of the capped collection

  friend bool operator==(const TokenPlace&, const TokenPlace&) = default;
};

/// Where and how a rule's messages are published. Each rule makes one plan, which all its effects share.
struct PublishPlan final : DeliveryPlan {
  static constexpr std::string_view sink_name = "jetstream";

  using Format = PayloadFormat;

  StreamShape stream;
  Format format = Format::relaxed_json;
  /// Messages of one JetStream stream are in the order of the changes, whichever documents they are about. If
  /// false, only messages about the same document are in order.
  bool in_order = false;
  std::optional<TokenPlace> tokens = {};
  std::string message_id;  ///< how message ids are made, as the rule's options state it

  std::string_view sink() const override { return sink_name; }
};

}  // namespace sluice
