#include "sinks/payload.hpp"

namespace sluice::sinks {

namespace {

std::string_view bson_of(const Message& message) {
  return {reinterpret_cast<const char*>(message.payload.data()), message.payload.size()};
}

}  // namespace

std::optional<std::string_view> payload_of(const Message& message, PayloadFormat format, std::string& text,
                                           bson::JsonFailure* failure) {
  if (format == PayloadFormat::bson) return bson_of(message);
  text.clear();
  const auto failed = append_payload(text, message, format);
  if (failed == bson::JsonFailure::none) return text;
  if (failure != nullptr) *failure = failed;
  return std::nullopt;
}

bson::JsonFailure append_payload(std::string& out, const Message& message, PayloadFormat format) {
  if (format == PayloadFormat::bson) {
    out.append(bson_of(message));
    return bson::JsonFailure::none;
  }
  const bool canonical = format == PayloadFormat::canonical_json;
  out.append(message.envelope);
  const auto failed = bson::append_json(out, message.payload,
                                        canonical ? bson::JsonStyle::canonical : bson::JsonStyle::relaxed);
  if (!message.envelope.empty()) out += '}';
  return failed;
}

}  // namespace sluice::sinks
