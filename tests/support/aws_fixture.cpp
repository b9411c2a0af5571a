#include "support/aws_fixture.hpp"
#include "support/skipping.hpp"

#include <cstdlib>

namespace sluice::test {

using namespace std::chrono_literals;

MotoServer& shared_moto() {
  static MotoServer server;
  return server;
}

void AwsTest::SetUp() {
  skip_if(why_no_moto());
}

std::string AwsTest::aws_file(const std::string& target, const std::vector<std::string>& more) {
  std::string rule = "  - name: out\n    publish:\n      from: items\n";
  for (const std::string& line : more) rule += "      " + line + "\n";
  rule += "      " + (target.empty() ? "sqs: { queue: \"{db}.fifo\" }" : target) + "\n";
  return file(rule);
}

std::vector<std::string> AwsTest::aws_flags() {
  return {"--aws-endpoint",
          moto().url(),
          "--aws-region",
          MotoServer::region,
          "--aws-access-key-id",
          "test",
          "--aws-secret-access-key",
          "test"};
}

Worker& AwsTest::start_aws(const std::string& file, std::vector<std::string> flags) {
  const std::vector<std::string> more = aws_flags();
  flags.insert(flags.begin(), more.begin(), more.end());
  return start(file, std::move(flags));
}

const std::vector<QueueMessage>& AwsTest::messages() {
  try {
    auto more = moto().take(queue());
    taken_.insert(taken_.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  } catch (const std::exception&) {
    // What was not deleted is still in the queue.
  }
  return taken_;
}

testing::AssertionResult AwsTest::holds(std::size_t count) {
  if (soon([&] { return messages().size() >= count; }, 60s)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << taken_.size() << " messages have arrived, not " << count << "\n"
                                     << (workers() > 0 ? worker().story() : "");
}

bool AwsTest::waits_for(const std::string& why) {
  return soon([&] {
    const auto readiness = worker().get("/readyz");
    return readiness.body.find(moto().url()) != std::string::npos &&
           readiness.body.find(why) != std::string::npos;
  });
}

void AwsTest::write_numbers(int documents, int rounds) {
  std::vector<Document> all;
  for (int i = 0; i < documents; ++i) all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0}");
  db().insert("items", all);
  for (int round = 0; round < rounds; ++round) db().update_many("items", "{}", R"({"$inc":{"n":1}})");
}

Sequences AwsTest::sequences() {
  SequenceCheck check;
  for (const QueueMessage& message : messages()) check.add(Document(message.body), message.id);
  return check.finish(db());
}

testing::AssertionResult AwsTest::told_in_order(std::size_t repetitions_allowed) {
  Sequences result;
  const bool complete = soon(
      [&] {
        result = sequences();
        return result.messages > 0 && result.lost == 0;
      },
      90s);
  if (complete && result.out_of_order == 0 && result.other_ids == 0 && result.repeated <= repetitions_allowed)
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << result.messages << " messages, " << result.lost << " lost, "
                                     << result.out_of_order << " out of order, " << result.repeated
                                     << " repeated, " << result.other_ids
                                     << " under another id; first: " << result.first_wrong
                                     << "; SLUICE_SEED=" << random_seed() << "\n"
                                     << (workers() > 0 ? worker().story() : "");
}

}  // namespace sluice::test
