#include "support/kafka_fixture.hpp"

#include <cstdlib>

namespace sluice::test {

using namespace std::chrono_literals;

KafkaServer& shared_kafka() {
  static KafkaServer server;
  return server;
}

void KafkaTest::SetUp() {
  const std::string& why = why_no_kafka();
  if (why.empty()) return;
  if (std::getenv("CI") != nullptr) FAIL() << why;
  GTEST_SKIP() << why;
}

std::string KafkaTest::kafka_file(const std::vector<std::string>& kafka, const std::vector<std::string>& more,
                                  const std::string& top) const {
  std::string rule = "  - name: out\n    publish:\n      from: items\n";
  for (const std::string& line : more) rule += "      " + line + "\n";
  rule += "      kafka:\n        topic: \"{db}.{coll}\"\n";
  for (const std::string& line : kafka) rule += "        " + line + "\n";
  return file(rule + top);
}

Worker& KafkaTest::start_kafka(const std::string& file, std::vector<std::string> flags) {
  flags.insert(flags.end(), {"--kafka-brokers", brokers()});
  return start(file, std::move(flags));
}

testing::AssertionResult KafkaTest::holds(std::int64_t count) {
  std::int64_t seen = -1;
  const auto enough = [&] {
    try {
      seen = consumer().count(topic());
    } catch (const workbench::KafkaError&) {
      seen = -1;  // the broker cannot be reached
    }
    return seen >= count;
  };
  if (soon(enough, 60s)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "the topic holds " << seen << " messages, not " << count << "\n"
                                     << (workers() > 0 ? worker().story() : "");
}

void KafkaTest::write_numbers(int documents, int rounds) {
  std::vector<Document> all;
  for (int i = 0; i < documents; ++i) all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0}");
  db().insert("items", all);
  for (int round = 0; round < rounds; ++round) db().update_many("items", "{}", R"({"$inc":{"n":1}})");
}

Sequences KafkaTest::sequences() {
  SequenceCheck check;
  for (const KafkaMessage& message : messages()) {
    if (!message.value) continue;
    const auto id = message.headers.find("Sluice-Message-Id");
    check.add(Document(*message.value), id == message.headers.end() ? "" : id->second);
  }
  return check.finish(db());
}

testing::AssertionResult KafkaTest::told_in_order(std::size_t repetitions_allowed) {
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
  return testing::AssertionFailure() << result.messages << " messages of " << expected << " expected, "
                                     << result.lost << " lost, " << result.out_of_order << " out of order, "
                                     << result.repeated << " repeated; first: " << result.first_wrong
                                     << "; SLUICE_SEED=" << random_seed() << "\n"
                                     << (workers() > 0 ? worker().story() : "");
}

}  // namespace sluice::test
