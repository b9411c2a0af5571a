#include "support/rabbit_fixture.hpp"

#include <csignal>

#include <cstdlib>

namespace sluice::test {

using namespace std::chrono_literals;

RabbitServer& shared_rabbitmq() {
  static RabbitServer server;
  return server;
}

void RabbitTest::SetUp() {
  const std::string& why = why_no_rabbitmq();
  if (why.empty()) return;
  if (std::getenv("CI") != nullptr) FAIL() << why;
  GTEST_SKIP() << why;
}

void RabbitTest::declare(const Rabbit::Arguments& arguments) {
  Rabbit rabbit(rabbitmq().port());
  rabbit.declare_exchange(exchange());
  rabbit.declare_queue(queue(), arguments);
  rabbit.bind(queue(), exchange(), "#");
}

void RabbitTest::declare_behind(const Worker& worker) {
  worker.signal(SIGSTOP);
  client().declare_queue(queue());  // by then the broker has handled what the worker had sent
  declare();
  worker.signal(SIGCONT);
}

std::string RabbitTest::rabbit_file(const std::vector<std::string>& rabbitmq,
                                    const std::vector<std::string>& more, const std::string& top) {
  std::string rule = "  - name: out\n    publish:\n      from: items\n";
  for (const std::string& line : more) rule += "      " + line + "\n";
  rule += "      rabbitmq:\n        exchange: \"{db}\"\n";
  for (const std::string& line : rabbitmq) rule += "        " + line + "\n";
  return file(rule + top);
}

Worker& RabbitTest::start_rabbit(const std::string& file, std::vector<std::string> flags) {
  flags.insert(flags.begin(), {"--rabbitmq-url", rabbitmq().url()});
  return start(file, std::move(flags));
}

const std::vector<RabbitMessage>& RabbitTest::messages() {
  try {
    auto more = client().take(queue());
    taken_.insert(taken_.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  } catch (const workbench::RabbitError&) {
    // What was not acknowledged is still in the queue.
  }
  return taken_;
}

testing::AssertionResult RabbitTest::holds(std::size_t count) {
  if (soon([&] { return messages().size() >= count; }, 60s)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << taken_.size() << " messages have arrived, not " << count << "\n"
                                     << (workers() > 0 ? worker().story() : "");
}

void RabbitTest::write_numbers(int documents, int rounds) {
  std::vector<Document> all;
  for (int i = 0; i < documents; ++i) all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0}");
  db().insert("items", all);
  for (int round = 0; round < rounds; ++round) db().update_many("items", "{}", R"({"$inc":{"n":1}})");
}

Sequences RabbitTest::sequences() {
  SequenceCheck check;
  for (const RabbitMessage& message : messages()) check.add(Document(message.body), message.message_id);
  return check.finish(db());
}

testing::AssertionResult RabbitTest::told_in_order(std::size_t repetitions_allowed) {
  std::size_t expected = 0;
  db().scan("items", {}, {},
            [&](const Document& item) { expected += static_cast<std::size_t>(item.integer("n")) + 1; });
  Sequences result;
  const bool complete = holds(expected) && soon(
                                               [&] {
                                                 result = sequences();
                                                 return result.lost == 0;
                                               },
                                               60s);
  if (complete && result.out_of_order == 0 && result.other_ids == 0 &&
      result.repeated <= repetitions_allowed) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << result.messages << " messages of " << expected << " expected, "
                                     << result.lost << " lost, " << result.out_of_order << " out of order, "
                                     << result.repeated << " repeated, " << result.other_ids
                                     << " under another id; first: " << result.first_wrong
                                     << "; SLUICE_SEED=" << random_seed() << "\n"
                                     << (workers() > 0 ? worker().story() : "");
}

}  // namespace sluice::test
