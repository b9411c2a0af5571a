#pragma once

#include <cstddef>
#include <string>

#include "sluice/config.hpp"

namespace sluice::config {

/// Why this cannot be the name of a relay's JetStream stream. Empty if it can.
std::string why_no_relay_stream(const std::string& name);

/// The same for a relay's Kafka topic, and for the two together: a relay has only one of them.
std::string why_no_relay_topic(const std::string& name);
std::string why_no_relay_of_both(const std::string& stream, const std::string& topic);

/// Why the relay cannot have its consumer group. Empty if it can, or has none.
std::string why_no_relay_group(const RelayConfig& relay);

/// Why a file with so many streams cannot have a relay. Empty if it can: one stream is one database.
std::string why_no_relay_of(std::size_t streams);

/// Why a relay cannot have its number of partitions, in a cluster of `partitions` (0: none) or with static
/// shards. Empty if it can.
std::string why_no_relay_partitions(const RelayConfig& relay, int partitions, int shards);

/// The message for a relay that names neither a stream nor a topic.
inline constexpr const char* no_relay_log =
    "the relay has no JetStream stream and no Kafka topic; set 'stream' under relay.jetstream, or 'topic' "
    "under "
    "relay.kafka";

/// Why a stream with `resume_tokens` cannot have a relay.
inline constexpr const char* no_relay_from_tokens =
    "a relay cannot begin at the resume tokens of another program, because its log does not reach back to "
    "them; start once without 'relay', and add it when the first positions are stored";

}  // namespace sluice::config
