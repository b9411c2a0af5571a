#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bus.hpp"
#include "commands.hpp"
#include "event_text.hpp"
#include "nats.hpp"

namespace storm {
namespace {

constexpr std::int64_t kAllAcknowledgedMs = 120'000;
const std::string kStream = "storm";
const std::string kRivalStream = "rival";

/// A message as a publish rule sends it. The server recognises duplicates by `id`.
struct PublishedMessage {
  std::string subject;
  std::string id;
  std::string payload;
};

/// The message that a publish rule makes of an event: its subject is stream.collection.operation.id, its id
/// the resume token, its payload the event as relaxed Extended JSON.
PublishedMessage message_of(const bson_t* event) {
  return {kRivalStream + "." + text_at(event, "ns.coll") + "." + text_at(event, "operationType") + "." +
              text_at(event, "documentKey._id"),
          text_at(event, "_id._data"), relaxed_json(event)};
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

/// A nats-server. Its streams hold the messages, so they are the receivers.
class JetStreamBus final : public Bus {
 public:
  explicit JetStreamBus(const Options& options)
      : server_(options.nats_server, options.server.data_parent), client_(server_, options.window) {}

  std::string name() const override { return "publish"; }
  std::string server() const override { return "nats"; }
  std::string version() const override { return server_.version(); }
  std::string library() const override { return std::string("libnats ") + nats_GetVersion(); }
  Usage usage() const override { return server_.usage(); }
  std::string rules() const override {
    return "  - name: out\n    publish: { from: users, stream: " + kStream + " }\n";
  }
  std::vector<std::string> flags() const override { return {"--nats-url", server_.url()}; }

  void begin() override {
    client_.remove(kRivalStream);
    client_.empty(kStream);
  }
  bool has(std::int64_t messages) override {
    return client_.held(kStream).messages >= static_cast<std::uint64_t>(messages);
  }
  /// Each document has its own subject.
  void expect_all(std::int64_t documents) override {
    const Held held = client_.held(kStream);
    if (held.messages != static_cast<std::uint64_t>(documents) || held.subjects != documents)
      throw std::runtime_error("the stream holds " + std::to_string(held.messages) + " messages on " +
                               std::to_string(held.subjects) + " subjects, and not " +
                               std::to_string(documents));
  }

  BarePublished publish_bare(const Read& read) override {
    std::vector<PublishedMessage> messages;
    double bytes = 0;
    read([&](const Event& event) {
      messages.push_back(message_of(event.document));
      bytes += static_cast<double>(messages.back().payload.size());
    });
    client_.create(kRivalStream);
    BarePublished bare = publish_async(messages);
    client_.remove(kRivalStream);
    client_.create(kRivalStream);
    bare.payload_bytes = bytes / static_cast<double>(messages.size());
    return bare;
  }

  void publish_one(const Event& event) override {
    const NatsMessage message = natsMessage(message_of(event.document));
    jsPubAck* made = nullptr;
    const natsStatus status = js_PublishMsg(&made, client_.jetstream(), message.get(), nullptr, nullptr);
    const PublishAck acknowledged(made);
    check(status, "publish");
  }

 private:
  /// Without waiting between them, up to the client's window. Ends when all are acknowledged.
  BarePublished publish_async(const std::vector<PublishedMessage>& messages) const {
    const PublishMeter meter(*this);
    for (const PublishedMessage& one : messages) {
      natsMsg* message = natsMessage(one).release();
      const natsStatus status = js_PublishMsgAsync(client_.jetstream(), &message, nullptr);
      const NatsMessage refused(message);  // null if the library has taken ownership
      check(status, "publish");
    }
    jsPubOptions options;
    jsPubOptions_Init(&options);
    options.MaxWait = kAllAcknowledgedMs;
    check(js_PublishAsyncComplete(client_.jetstream(), &options), "publish");
    return meter.now();
  }

  NatsServer server_;
  NatsClient client_;
};

}  // namespace

int run_publish(const Options& options, const Server& server) {
  JetStreamBus bus(options);
  return run_bus(options, server, bus);
}

}  // namespace storm
