#include "sinks/payload.hpp"

#include "bson/json_writer.hpp"

namespace sluice::sinks {

std::optional<std::string_view> payload_of(const Message& message, PayloadFormat format, std::string& text) {
  if (format == PayloadFormat::bson)
    return std::string_view(reinterpret_cast<const char*>(message.payload.data()), message.payload.size());
  const bool canonical = format == PayloadFormat::canonical_json;
  text.assign(message.envelope);
  if (!bson::append_json(text, message.payload,
                         canonical ? bson::JsonStyle::canonical : bson::JsonStyle::relaxed))
    return std::nullopt;
  if (!message.envelope.empty()) text += '}';
  return text;
}

}  // namespace sluice::sinks
