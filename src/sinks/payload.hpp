#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bson/json_writer.hpp"
#include "core/payload_format.hpp"
#include "sluice/effect.hpp"

namespace sluice::sinks {

/// The bytes of a message as they are sent: the event's own, or, if they have to be rendered, a view into
/// `text`, which the caller reuses from one message to the next. Nothing if the document cannot be written as
/// JSON; then `failure` says why.
std::optional<std::string_view> payload_of(const Message& message, PayloadFormat format, std::string& text,
                                           bson::JsonFailure* failure = nullptr);

}  // namespace sluice::sinks
