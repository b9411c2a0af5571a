#include "support/publishing.hpp"

#include <set>

namespace sluice::test {

using namespace std::chrono_literals;

NatsServer& shared_nats() {
  static NatsServer server;
  return server;
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

testing::AssertionResult PublishingTest::holds(std::int64_t count) {
  std::int64_t seen = -1;
  const auto enough = [&] {
    try {
      seen = consumer().count(stream_);
    } catch (const workbench::NatsError&) {
      seen = -1;  // the server is away
    }
    return seen >= count;
  };
  if (soon(enough, 60s)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "the stream holds " << seen << " messages, not " << count << "\n"
                                     << (workers() > 0 ? worker().story() : "");
}

void PublishingTest::write_numbers(int documents, int rounds) {
  std::vector<Document> all;
  for (int i = 0; i < documents; ++i) all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0}");
  db().insert("items", all);
  for (int round = 0; round < rounds; ++round) db().update_many("items", "{}", R"({"$inc":{"n":1}})");
}

Sequences PublishingTest::sequences() {
  Sequences result;
  std::map<std::string, std::set<std::int64_t>> seen;
  const auto all = messages();
  result.messages = all.size();
  const auto wrong = [&](std::size_t& count, const std::string& what) {
    if (count++ == 0 && result.first_wrong.empty()) result.first_wrong = what;
  };
  for (const NatsMessage& message : all) {
    const Document event(message.data);
    if (!event.has("documentKey")) continue;  // none of a worker's
    const std::string update = "updateDescription.updatedFields.n";
    const std::int64_t n = event.has(update) ? event.integer(update) : event.integer("fullDocument.n", -1);
    const std::string id = event.value("documentKey._id");
    auto& numbers = seen[id];
    if (numbers.contains(n)) {
      ++result.repeated;
      continue;
    }
    if (!numbers.empty() && n < *numbers.rbegin()) {
      wrong(result.out_of_order,
            id + ": " + std::to_string(n) + " behind " + std::to_string(*numbers.rbegin()));
    }
    numbers.insert(n);
  }
  db().scan("items", {}, {}, [&](const Document& item) {
    const auto& numbers = seen[item.value("_id")];
    for (std::int64_t n = 0; n <= item.integer("n"); ++n) {
      if (!numbers.contains(n))
        wrong(result.lost, item.value("_id") + ": " + std::to_string(n) + " is missing");
    }
  });
  return result;
}

testing::AssertionResult PublishingTest::told_in_order(std::size_t repetitions_allowed) {
  std::int64_t expected = 0;
  db().scan("items", {}, {}, [&](const Document& item) { expected += item.integer("n") + 1; });
  Sequences result;
  const bool complete = holds(expected) && soon([&] {
                          result = sequences();
                          return result.lost == 0;
                        });
  if (complete && result.out_of_order == 0 && result.repeated <= repetitions_allowed) {
    return testing::AssertionSuccess();
  }
  result = sequences();
  return testing::AssertionFailure() << result.messages << " messages of " << expected << " expected, "
                                     << result.lost << " lost, " << result.out_of_order << " out of order, "
                                     << result.repeated << " repeated; first: " << result.first_wrong
                                     << "; SLUICE_SEED=" << random_seed() << "\n"
                                     << (workers() > 0 ? worker().story() : "");
}

}  // namespace sluice::test
