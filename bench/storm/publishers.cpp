#include "publishers.hpp"

#include <chrono>
#include <memory>

#include "rivals.hpp"

namespace storm {
namespace {

using Clock = std::chrono::steady_clock;
using Text = std::unique_ptr<char, Freed<bson_free>>;

constexpr int kReadAhead = 5000;
constexpr std::int64_t kAllAcknowledgedMs = 120'000;

std::string text_at(const bson_t* document, const char* path) {
  bson_iter_t iter;
  bson_iter_t found;
  const bool there = bson_iter_init(&iter, document) && bson_iter_find_descendant(&iter, path, &found);
  if (there && BSON_ITER_HOLDS_UTF8(&found)) return bson_iter_utf8(&found, nullptr);
  if (!there || !BSON_ITER_HOLDS_OID(&found)) return {};
  char hex[25];
  bson_oid_to_string(bson_iter_oid(&found), hex);
  return hex;
}

NatsMessage natsMessage(const PublishedMessage& from) {
  natsMsg* made = nullptr;
  const natsStatus status = natsMsg_Create(&made, from.subject.c_str(), nullptr, from.payload.data(),
                                           static_cast<int>(from.payload.size()));
  NatsMessage message(made);
  check(status, "message");
  check(natsMsgHeader_Set(made, "Nats-Msg-Id", from.id.c_str()), "header");
  return message;
}

}  // namespace

PublishedMessage message_of(const std::string& stream, const bson_t* event) {
  std::size_t size = 0;
  const Text json(bson_as_relaxed_extended_json(event, &size));
  return {stream + "." + text_at(event, "ns.coll") + "." + text_at(event, "operationType") + "." +
              text_at(event, "documentKey._id"),
          text_at(event, "_id._data"), std::string(json.get(), size)};
}

std::vector<PublishedMessage> messages_of(const Client& client, const std::string& database,
                                          const StreamShape& shape, Moment from, std::int64_t events,
                                          const std::string& stream) {
  std::vector<PublishedMessage> messages;
  const Act act = [&](const Event& event) { messages.push_back(message_of(stream, event.document)); };
  drain(client, database, shape, kReadAhead, from, events, act);
  return messages;
}

double publish_async(const NatsClient& nats, const std::vector<PublishedMessage>& messages) {
  const auto start = Clock::now();
  for (const PublishedMessage& one : messages) {
    natsMsg* message = natsMessage(one).release();
    const natsStatus status = js_PublishMsgAsync(nats.jetstream(), &message, nullptr);
    const NatsMessage refused(message);  // null if the library has taken ownership
    check(status, "publish");
  }
  jsPubOptions options;
  jsPubOptions_Init(&options);
  options.MaxWait = kAllAcknowledgedMs;
  check(js_PublishAsyncComplete(nats.jetstream(), &options), "publish");
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double publish_one_at_a_time(const Client& client, const NatsClient& nats, const std::string& database,
                             const StreamShape& shape, Moment from, std::int64_t events,
                             const std::string& stream) {
  const Collection positions = collection(client, "rival", "position");
  const Act act = [&](const Event& event) {
    const NatsMessage message = natsMessage(message_of(stream, event.document));
    jsPubAck* made = nullptr;
    const natsStatus status = js_PublishMsg(&made, nats.jetstream(), message.get(), nullptr, nullptr);
    const PublishAck acknowledged(made);
    check(status, "publish");
    store_token(positions, event.token);
  };
  constexpr int kServersChoice = 0;
  return drain(client, database, shape, kServersChoice, from, events, act).events_per_second();
}

}  // namespace storm
