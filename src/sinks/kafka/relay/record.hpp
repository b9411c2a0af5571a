#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/relay_log.hpp"
#include "sinks/kafka/raii.hpp"

namespace sluice::sinks::kafka {

/// The headers of a relay's record in Kafka. The value is the event.
inline constexpr const char* relay_header = "Sluice-Relay";  ///< RelayHeader::text()
inline constexpr const char* relay_sequence_header = "Sluice-Relay-Sequence";
inline constexpr const char* relay_id_header = "Sluice-Message-Id";

/// The headers of a record. rd_kafka_produceva() takes them over if it succeeds.
Headers relay_headers(std::string_view id, const RelayHeader& header, std::uint64_t sequence);

/// The record that a message holds; nothing if it is not a relay's.
std::optional<RelayRecord> relay_record_of(const rd_kafka_message_t& message);

/// The same, from the values of the headers, without place and body.
std::optional<RelayRecord> relay_record_of(std::string_view id, std::string_view header,
                                           std::string_view sequence);

}  // namespace sluice::sinks::kafka
