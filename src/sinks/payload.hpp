#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bson/json_writer.hpp"
#include "core/payload_format.hpp"
#include "sluice/effect.hpp"

namespace sluice::sinks {

/// A message's bytes as they are sent: those of the event itself, or `text` where they are written anew,
/// which is meant to be kept from one message to the next. Nothing where the document cannot be written as
/// JSON; then `failure` says why.
std::optional<std::string_view> payload_of(const Message& message, PayloadFormat format, std::string& text,
                                           bson::JsonFailure* failure = nullptr);

}  // namespace sluice::sinks
