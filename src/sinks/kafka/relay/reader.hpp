#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/relay_log.hpp"
#include "sinks/kafka/relay/session.hpp"

namespace sluice::sinks::kafka {

/// The error for a message that no relay has written.
Error no_relay_record(const std::string& name, const rd_kafka_message_t& message);

/// A reader of a partition from an offset on. `name` is what errors call the topic.
std::optional<Error> open_relay_reader(std::shared_ptr<RelaySession> session, int partition,
                                       std::int64_t offset, const std::string& name,
                                       std::unique_ptr<RelayReader>& reader);

}  // namespace sluice::sinks::kafka
