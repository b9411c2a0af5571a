#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bson/json_writer.hpp"
#include "core/payload_format.hpp"
#include "sluice/effect.hpp"

namespace sluice::sinks {

/// The bytes to send for a message. With PayloadFormat::bson they are the payload itself; otherwise the
/// payload is rendered as JSON into `text`, which the result points to (reuse it to save allocations).
/// Returns nullopt and sets `failure` if the document cannot be written as JSON.
std::optional<std::string_view> payload_of(const Message& message, PayloadFormat format, std::string& text,
                                           bson::JsonFailure* failure = nullptr);

/// Appends the same bytes to `out`. After a failure, what was appended is incomplete.
bson::JsonFailure append_payload(std::string& out, const Message& message, PayloadFormat format);

}  // namespace sluice::sinks
