#pragma once

#include <cstdint>
#include <string_view>

#include "rules/shared/text_template.hpp"
#include "sluice/arena.hpp"
#include "sluice/event.hpp"

/// What the messages of all publishing rules have in common.
namespace sluice::rules {

/// Which part of an event is sent.
enum class Payload : std::uint8_t {
  event,
  document,  ///< the document in the event; without one, its key; without a key, the whole event
};

bson::View payload_of(const ChangeEvent& event, Payload what, Arena& arena);

/// Appends `Sluice-Operation`, `Sluice-Namespace` and `Sluice-Cluster-Time`; the last line is not terminated.
template <typename Text>
void append_event_headers(Text& out, const ChangeEvent& event);

/// The id of an event's message: the rule's template, filled in from the event, and `-<run>` for a replayed
/// event. A replay needs its own ids, because receivers drop ids that they know.
void append_message_id(InlineText& out, const TextTemplate& id, const ChangeEvent& event);

/// The beginning of a CloudEvent in JSON, up to the value of `data`.
std::string_view cloud_envelope(const ChangeEvent& event, std::string_view id, Arena& arena);

}  // namespace sluice::rules
