#include "source/peer/peer_messages.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "source/peer/peer_link.hpp"

namespace sluice::source::peer {

namespace {

constexpr std::int64_t most_shards = 1024;
constexpr std::int64_t most_events = 1'000'000;
constexpr std::int64_t longest_wait_ms = 60'000;

/// A number from `least` to `most`; nothing for any other value.
std::optional<std::int64_t> number(bson::View message, std::string_view key, std::int64_t least,
                                   std::int64_t most) {
  const auto value = message.at(key).integer();
  return value && *value >= least && *value <= most ? value : std::nullopt;
}

}  // namespace

bson::View make_request(const PeerRequest& request, bson::Builder& out) {
  out.append("version", version).append("identity", request.identity);
  out.append("shardCount", request.shard_count).open_array("shards");
  for (const int shard : request.shards) out.append(out.item(), shard);
  out.close().append("after", request.after.view()).append_timestamp("time", request.after.cluster_time);
  return out.append("atEvent", request.after.at_event).append("caughtUp", request.caught_up).finish();
}

std::optional<PeerRequest> parse_request(bson::View message) {
  const auto count = number(message, "shardCount", 1, most_shards);
  const bson::View after = message.at("after").document();
  if (!number(message, "version", version, version) || !count || after.at("_data").text().empty())
    return std::nullopt;
  PeerRequest request{std::string(message.at("identity").text()),
                      static_cast<int>(*count),
                      {},
                      Position::of(after, message.at("time").timestamp(), message.at("atEvent").boolean()),
                      message.at("caughtUp").boolean()};
  for (const auto& [index, value] : message.at("shards").document()) {
    const auto shard = value.integer();
    const bool ascends = request.shards.empty() || shard > request.shards.back();
    if (!shard || *shard < 0 || *shard >= *count || !ascends) return std::nullopt;
    request.shards.push_back(static_cast<int>(*shard));
  }
  if (request.shards.empty()) return std::nullopt;
  return request;
}

bson::View make_reply(const std::string& why_not, bson::Builder& out) {
  return out.append("whyNot", why_not).finish();
}

std::optional<std::string> parse_reply(bson::View message) {
  const bson::Value why_not = message.at("whyNot");
  if (why_not.type() != BSON_TYPE_UTF8) return std::nullopt;
  return std::string(why_not.text());
}

bson::View make_question(const Question& question, bson::Builder& out) {
  return out.append("events", std::min(static_cast<std::int64_t>(question.events), most_events))
      .append("waitMs", question.wait_ms)
      .finish();
}

std::optional<Question> parse_question(bson::View message) {
  const auto events = number(message, "events", 1, most_events);
  const auto wait_ms = number(message, "waitMs", 0, longest_wait_ms);
  if (!events || !wait_ms) return std::nullopt;
  return Question{static_cast<std::size_t>(*events), *wait_ms};
}

bson::View make_head(const StreamBatch& batch, bson::Builder& out) {
  std::int64_t bytes = 0;
  for (const bson::View event : batch.events) bytes += static_cast<std::int64_t>(event.size());
  out.append("events", static_cast<std::int64_t>(batch.events.size())).append("bytes", bytes);
  out.append("token", batch.resume_token).append("ofEvent", batch.token_of_event);
  out.append_timestamp("time", batch.token_time);
  return out.append_timestamp("operationTime", batch.operation_time).finish();
}

bson::View make_end(const std::string& why, bson::Builder& out) {
  return out.append("ended", why).finish();
}

std::optional<Head> parse_head(bson::View message) {
  if (const std::string_view ended = message.at("ended").text(); !ended.empty())
    return Head{std::string(ended), 0, 0};
  const auto bytes = number(message, "bytes", 0, static_cast<std::int64_t>(PeerLink::most_bytes));
  const auto events = number(message, "events", 0, most_events);
  const bool empty = !message.at("token").is_document() && events == 0;
  if (!bytes || !events || empty) return std::nullopt;
  return Head{"", static_cast<std::size_t>(*bytes), static_cast<std::size_t>(*events)};
}

std::unique_ptr<StreamBatch> batch_of(const Head& head, std::shared_ptr<std::vector<std::uint8_t>> bytes) {
  const std::size_t begin = bytes->size() - head.bytes;
  const bson::View message(bytes->data(), begin);
  auto batch = std::make_unique<StreamBatch>();
  batch->events.reserve(head.events);
  std::size_t at = begin;
  while (at < bytes->size()) {
    std::int32_t size = 0;
    if (bytes->size() - at < sizeof size) return nullptr;
    std::memcpy(&size, bytes->data() + at, sizeof size);
    if (size < 5 || static_cast<std::size_t>(size) > bytes->size() - at) return nullptr;
    batch->events.emplace_back(bytes->data() + at, static_cast<std::size_t>(size));
    at += static_cast<std::size_t>(size);
  }
  if (batch->events.size() != head.events) return nullptr;
  batch->resume_token = message.at("token").document();
  batch->token_of_event = message.at("ofEvent").boolean();
  batch->token_time = message.at("time").timestamp();
  batch->operation_time = message.at("operationTime").timestamp();
  batch->size = bytes->size();
  batch->owner = std::move(bytes);
  return batch;
}

}  // namespace sluice::source::peer
