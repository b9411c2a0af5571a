#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/relay_log.hpp"
#include "sinks/jetstream/connection.hpp"

namespace sluice::sinks::jetstream {

inline constexpr const char* relay_header = "Sluice-Relay";

/// A message of a relay, without its sequence; nothing if it is not one.
std::optional<RelayRecord> relay_record_of(natsMsg* message);
Error no_relay_record(const std::string& name, std::uint64_t sequence);

/// A reader of one subject from a sequence on: an ephemeral pull consumer, of which one request is open at a
/// time. It is given back to the server at the end. `name` is what errors call the stream.
std::optional<Error> open_relay_reader(std::shared_ptr<Connection> connection, const std::string& stream,
                                       const std::string& subject, std::uint64_t from,
                                       const std::string& name, std::unique_ptr<RelayReader>& reader);

}  // namespace sluice::sinks::jetstream
