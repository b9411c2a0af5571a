#pragma once

#include <cstdint>
#include <string_view>

#include "rules/shared/text_template.hpp"
#include "sluice/arena.hpp"
#include "sluice/event.hpp"

/// What the messages of all rules that tell of changes have in common.
namespace sluice::rules {

/// What of an event is sent.
enum class Payload : std::uint8_t {
  event,
  document,  ///< as it stands in the event; where it does not, its key; the event where it is of no document
};

bson::View payload_of(const ChangeEvent& event, Payload what, Arena& arena);

/// `Sluice-Operation`, `Sluice-Namespace` and `Sluice-Cluster-Time`, without an end of the last line.
template <typename Text>
void append_event_headers(Text& out, const ChangeEvent& event);

/// The id of an event's message: what the rule's template makes of the event and, for a replayed event,
/// `-<run>`. Receivers drop what they know by its id, so a replay needs ids of its own.
void append_message_id(InlineText& out, const TextTemplate& id, const ChangeEvent& event);

/// The start of a CloudEvent in JSON, up to the value of its `data`.
std::string_view cloud_envelope(const ChangeEvent& event, std::string_view id, Arena& arena);

}  // namespace sluice::rules
