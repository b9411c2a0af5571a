#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/bson_builder.hpp"
#include "source/peer/peer_reader.hpp"
#include "source/stream_batch.hpp"

/// What two instances say to each other about a feed. Each message is a BSON document:
///
///     request ->   <- reply ("" or why not)
///     question ->  <- batch head, then its events, one behind the other
///     question ->  ...
///
/// The parsers return nothing for a document that is no such message.
namespace sluice::source::peer {

/// Both ends must have the same: it changes with the messages, and with how subscriptions are numbered.
inline constexpr int version = 1;

bson::View make_request(const PeerRequest& request, bson::Builder& out);
std::optional<PeerRequest> parse_request(bson::View message);

bson::View make_reply(const std::string& why_not, bson::Builder& out);
std::optional<std::string> parse_reply(bson::View message);

struct Question {
  std::size_t events = 1;  ///< about so many at most
  std::int64_t wait_ms = 0;
};
bson::View make_question(const Question& question, bson::Builder& out);
std::optional<Question> parse_question(bson::View message);

/// The head of a batch, or why there will be none.
bson::View make_head(const StreamBatch& batch, bson::Builder& out);
bson::View make_end(const std::string& why, bson::Builder& out);

struct Head {
  std::string ended;      ///< why there will be no more batches; otherwise "", and the rest counts
  std::size_t bytes = 0;  ///< of the events behind it
  std::size_t events = 0;
};
std::optional<Head> parse_head(bson::View message);

/// The batch of this head, with these events. `bytes` has the head and the events behind it. Null if they are
/// not as many as the head says.
std::unique_ptr<StreamBatch> batch_of(const Head& head, std::shared_ptr<std::vector<std::uint8_t>> bytes);

}  // namespace sluice::source::peer
