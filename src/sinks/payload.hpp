#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bson/raii.hpp"
#include "sluice/effect.hpp"

namespace sluice::sinks {

/// A message's bytes as they are sent. Valid as long as the message it was made from.
class Payload {
 public:
  /// Nothing where the document cannot be written so (nested too deeply for JSON).
  static std::optional<Payload> of(const Message& message, PublishPlan::Format format);

  std::string_view bytes() const { return bytes_; }

 private:
  bson::JsonText json_;
  std::string enveloped_;
  std::string_view bytes_;
};

}  // namespace sluice::sinks
