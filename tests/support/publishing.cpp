#include "support/publishing.hpp"

namespace sluice::test {

using namespace std::chrono_literals;

NatsServer& shared_nats() {
  static NatsServer server;
  return server;
}

std::vector<std::string> relay_of_one(const std::string& name, const NatsServer& nats) {
  return {"--relay-stream", name + "_relay", "--relay-partitions", "1", "--nats-url", nats.url()};
}

PublishingTest::PublishingTest(ReplicaSet& server, NatsServer& nats)
    : PipelineTest(server), nats_(nats), stream_(db().database()) {}

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

testing::AssertionResult PublishingTest::holds(std::int64_t count) {
  std::optional<std::int64_t> seen;
  if (soon([&] { return (seen = count_messages()).value_or(-1) >= count; }, 60s)) {
    return testing::AssertionSuccess();
  }
  auto failure = testing::AssertionFailure();
  if (seen) {
    failure << "the stream holds " << *seen << " messages, not " << count;
  } else {
    failure << "nats-server does not say whether the stream holds " << count << " messages";
  }
  return failure << "\n" << (workers() > 0 ? worker().story() : "");
}

void PublishingTest::write_numbers(int documents, int rounds) {
  std::vector<Document> all;
  for (int i = 0; i < documents; ++i) all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0}");
  db().insert("items", all);
  for (int round = 0; round < rounds; ++round) db().update_many("items", "{}", R"({"$inc":{"n":1}})");
}

Sequences PublishingTest::sequences() {
  SequenceCheck check;
  for (const NatsMessage& message : messages()) {
    const auto id = message.headers.find("Nats-Msg-Id");
    check.add(Document(message.data), id == message.headers.end() ? "" : id->second);
  }
  return check.finish(db());
}

testing::AssertionResult PublishingTest::told_in_order(std::size_t repetitions_allowed) {
  std::int64_t expected = 0;
  db().scan("items", {}, {}, [&](const Document& item) { expected += item.integer("n") + 1; });
  Sequences result;
  std::string unread;
  const auto nothing_is_missing = [&] {
    try {
      result = sequences();
      unread.clear();
      return result.lost == 0;
    } catch (const workbench::NatsError& error) {
      unread = "the stream cannot be read: " + std::string(error.what()) + "; ";
      return false;
    }
  };
  // What is missing is of interest also if there are too few messages.
  const bool complete = holds(expected) ? soon(nothing_is_missing) : nothing_is_missing();
  if (complete && result.out_of_order == 0 && result.repeated <= repetitions_allowed) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << unread << result.messages << " messages of " << expected
                                     << " expected, " << result.lost << " lost, " << result.out_of_order
                                     << " out of order, " << result.repeated
                                     << " repeated; first: " << result.first_wrong
                                     << "; SLUICE_SEED=" << random_seed() << "\n"
                                     << (workers() > 0 ? worker().story() : "");
}

}  // namespace sluice::test
