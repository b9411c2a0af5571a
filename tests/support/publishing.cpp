#include "support/publishing.hpp"

namespace sluice::test {

NatsServer& shared_nats() {
  static NatsServer server;
  return server;
}

std::vector<std::string> relay_of_one(const std::string& name, const NatsServer& nats) {
  return {"--relay-stream", name + "_relay", "--relay-partitions", "1", "--nats-url", nats.url()};
}

PublishingTest::PublishingTest(ReplicaSet& server, NatsServer& nats)
    : ConsumerTest(server), nats_(nats), stream_(db().database()) {}

std::string PublishingTest::publish_file(const std::string& settings, const std::string& from) const {
  return file("  - name: out\n    publish:\n      from: " + from + "\n      stream: " + stream_ + "\n" +
              settings);
}

Worker& PublishingTest::start_publishing(const std::string& file, std::vector<std::string> flags,
                                         const std::string& url) {
  flags.insert(flags.end(), {"--nats-url", url.empty() ? nats_.url() : url});
  return start(file, std::move(flags));
}

std::optional<std::int64_t> PublishingTest::count_messages() {
  try {
    return consumer().count(stream_);
  } catch (const workbench::NatsError&) {
    return std::nullopt;
  }
}

void add_to(SequenceCheck& check, const NatsMessage& message) {
  const auto id = message.headers.find("Nats-Msg-Id");
  check.add(Document(message.data), id == message.headers.end() ? "" : id->second);
}

void PublishingTest::read_into(SequenceCheck& check) {
  for (const NatsMessage& message : messages()) add_to(check, message);
}

}  // namespace sluice::test
