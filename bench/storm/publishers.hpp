#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drain.hpp"
#include "nats.hpp"

namespace storm {

/// A message as a publish rule sends it: the subject, the id that duplicates are known by, the bytes.
struct PublishedMessage {
  std::string subject;
  std::string id;
  std::string payload;
};

/// What a publish rule makes of an event: `stream`.collection.operation.id, the resume token, relaxed JSON.
PublishedMessage message_of(const std::string& stream, const bson_t* event);

/// The messages of `events` events from `from` on.
std::vector<PublishedMessage> messages_of(const Client& client, const std::string& database,
                                          const StreamShape& shape, Moment from, std::int64_t events,
                                          const std::string& stream);

/// Messages that are there beforehand, sent one after the other without waiting, up to the client's window.
/// Returns the seconds until all of them are acknowledged.
double publish_async(const NatsClient& nats, const std::vector<PublishedMessage>& messages);

/// A connector as one writes it in an afternoon: next event, publish it, wait for its acknowledgement, store
/// the token with majority, and again. Returns the events a second.
double publish_one_at_a_time(const Client& client, const NatsClient& nats, const std::string& database,
                             const StreamShape& shape, Moment from, std::int64_t events,
                             const std::string& stream);

}  // namespace storm
