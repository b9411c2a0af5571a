#pragma once

#include <cstdint>
#include <string_view>

#include "rules/shared/text_template.hpp"
#include "sluice/arena.hpp"
#include "sluice/event.hpp"

/// Parts of messages that all rules which report changes have in common.
namespace sluice::rules {

/// The part of an event that is sent.
enum class Payload : std::uint8_t {
  event,
  document,  ///< the document, or its key if the event does not contain it; the event if it is about no
             ///< document
};

bson::View payload_of(const ChangeEvent& event, Payload what, Arena& arena);

/// Appends `Sluice-Operation`, `Sluice-Namespace` and `Sluice-Cluster-Time`, without a line end after the
/// last.
template <typename Text>
void append_event_headers(Text& out, const ChangeEvent& event);

/// Appends the id of an event's message: the rule's template, filled in from the event, and for a replayed
/// event `-<run>`. A replay needs ids of its own, because receivers drop messages whose id they have seen.
void append_message_id(InlineText& out, const TextTemplate& id, const ChangeEvent& event);

/// The start of a CloudEvent in JSON, up to the value of its `data`.
std::string_view cloud_envelope(const ChangeEvent& event, std::string_view id, Arena& arena);

}  // namespace sluice::rules
