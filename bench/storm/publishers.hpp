#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drain.hpp"
#include "nats.hpp"

namespace storm {

/// A message as a publish rule sends it. The server recognises duplicates by `id`.
struct PublishedMessage {
  std::string subject;
  std::string id;
  std::string payload;
};

/// The message that a publish rule makes of an event: its subject is `stream`.collection.operation.id, its id
/// the resume token, its payload the event as relaxed Extended JSON.
PublishedMessage message_of(const std::string& stream, const bson_t* event);

/// The messages of `events` events from `from` on.
std::vector<PublishedMessage> messages_of(const Client& client, const std::string& database,
                                          const StreamShape& shape, Moment from, std::int64_t events,
                                          const std::string& stream);

/// Publishes prepared messages without waiting between them, up to the client's window. Returns the seconds
/// until all are acknowledged.
double publish_async(const NatsClient& nats, const std::vector<PublishedMessage>& messages);

/// The simplest connector: for each event, publishes it, waits for the acknowledgement, and stores the token
/// with majority. Returns events per second.
double publish_one_at_a_time(const Client& client, const NatsClient& nats, const std::string& database,
                             const StreamShape& shape, Moment from, std::int64_t events,
                             const std::string& stream);

}  // namespace storm
