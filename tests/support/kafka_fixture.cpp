#include "support/kafka_fixture.hpp"
#include "support/skipping.hpp"

#include <cstdlib>

namespace sluice::test {

using namespace std::chrono_literals;

KafkaServer& shared_kafka() {
  static KafkaServer server;
  return server;
}

void KafkaTest::SetUp() {
  skip_if(why_no_kafka());
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

std::optional<std::int64_t> KafkaTest::count_messages() {
  try {
    return consumer().count(topic());
  } catch (const workbench::KafkaError&) {
    return std::nullopt;
  }
}

void add_to(SequenceCheck& check, const KafkaMessage& message) {
  if (!message.value) return;
  const auto id = message.headers.find("Sluice-Message-Id");
  check.add(Document(*message.value), id == message.headers.end() ? "" : id->second);
}

void KafkaTest::read_into(SequenceCheck& check) {
  for (const KafkaMessage& message : messages()) add_to(check, message);
}

}  // namespace sluice::test
