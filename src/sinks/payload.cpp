#include "sinks/payload.hpp"

namespace sluice::sinks {

std::optional<std::string_view> payload_of(const Message& message, PayloadFormat format, std::string& text,
                                           bson::JsonFailure* failure) {
  if (format == PayloadFormat::bson)
    return std::string_view(reinterpret_cast<const char*>(message.payload.data()), message.payload.size());
  const bool canonical = format == PayloadFormat::canonical_json;
  text.assign(message.envelope);
  const auto failed = bson::append_json(text, message.payload,
                                        canonical ? bson::JsonStyle::canonical : bson::JsonStyle::relaxed);
  if (failed != bson::JsonFailure::none) {
    if (failure != nullptr) *failure = failed;
    return std::nullopt;
  }
  if (!message.envelope.empty()) text += '}';
  return text;
}

}  // namespace sluice::sinks
