#include "sinks/payload.hpp"

#include <string>

namespace sluice::sinks {

std::optional<Payload> Payload::of(const Message& message, PublishPlan::Format format) {
  Payload payload;
  if (format == PublishPlan::Format::bson) {
    payload.bytes_ = {reinterpret_cast<const char*>(message.payload.data()), message.payload.size()};
    return payload;
  }
  const bson_t document = message.payload.borrow();
  std::size_t size = 0;
  payload.json_.reset(format == PublishPlan::Format::canonical_json
                          ? bson_as_canonical_extended_json(&document, &size)
                          : bson_as_relaxed_extended_json(&document, &size));
  if (!payload.json_) return std::nullopt;
  payload.bytes_ = {payload.json_.get(), size};
  if (!message.envelope.empty()) {
    payload.enveloped_.reserve(message.envelope.size() + size + 1);
    payload.enveloped_.append(message.envelope).append(payload.bytes_).append("}");
    payload.bytes_ = payload.enveloped_;
  }
  return payload;
}

}  // namespace sluice::sinks
