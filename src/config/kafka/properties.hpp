#pragma once

#include <string>
#include <string_view>

namespace sluice::config {

/// Why a property cannot be used in `kafka.properties`: librdkafka does not know it or refuses the value, it
/// is not one of a producer or of a relay's consumer group, or Sluice sets it itself. "" if it can. The text
/// does not contain the value of a secret.
std::string why_no_kafka_property(const std::string& name, const std::string& value);

/// Whether the value of this property is a secret.
bool is_secret_kafka_property(std::string_view name);

}  // namespace sluice::config
