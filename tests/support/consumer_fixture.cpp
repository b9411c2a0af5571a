#include "support/consumer_fixture.hpp"

#include <random>
#include <stdexcept>

namespace sluice::test {

using namespace std::chrono_literals;

std::string ConsumerTest::last_story() {
  return workers() > 0 ? worker().story() : "";
}

testing::AssertionResult ConsumerTest::holds(std::int64_t count) {
  std::optional<std::int64_t> seen;
  std::int64_t before = -1;
  while (soon([&] { return (seen = count_messages()).value_or(-1) > before; }, 60s)) {
    before = *seen;
    if (before >= count) return testing::AssertionSuccess();
  }
  const std::string what = seen ? std::to_string(*seen) + " messages have arrived"
                                : std::string("nobody knows how many messages have arrived");
  return testing::AssertionFailure() << what << ", and not " << count << "\n" << last_story();
}

void ConsumerTest::write_numbers(int documents, int rounds) {
  std::vector<Document> all;
  for (int i = 0; i < documents; ++i) all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0}");
  db().insert("items", all);
  write_rounds(rounds);
}

void ConsumerTest::write_rounds(int rounds) {
  for (int i = 0; i < rounds; ++i) db().update_many("items", "{}", R"({"$inc":{"n":1}})");
}

std::jthread ConsumerTest::writer(std::chrono::milliseconds pause) {
  return std::jthread([this, pause](const std::stop_token& stop) {
    Mongo mine(server().uri(), db().database());
    std::mt19937_64 random(random_seed());
    while (!stop.stop_requested()) {
      const std::string residue = std::to_string(random() % 7);
      mine.update_many("items", R"({"_id":{"$mod":[7,)" + residue + "]}}", R"({"$inc":{"n":1}})");
      if (pause.count() > 0) std::this_thread::sleep_for(pause);
    }
  });
}

Sequences ConsumerTest::sequences() {
  SequenceCheck check;
  read_into(check);
  return check.finish(db());
}

testing::AssertionResult ConsumerTest::told_in_order(std::size_t repetitions_allowed) {
  std::int64_t expected = 0;
  db().scan("items", {}, {}, [&](const Document& item) { expected += item.integer("n") + 1; });
  Sequences result;
  std::string unread;
  const auto nothing_is_missing = [&] {
    try {
      result = sequences();
      unread.clear();
      return result.lost == 0;
    } catch (const std::runtime_error& error) {
      unread = "the messages cannot be read: " + std::string(error.what()) + "; ";
      return false;
    }
  };
  // What is missing is of interest also if there are too few messages.
  const bool complete = holds(expected) ? soon(nothing_is_missing, 60s) : nothing_is_missing();
  if (complete && result.out_of_order == 0 && result.other_ids == 0 && result.repeated <= repetitions_allowed)
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << unread << result.messages << " messages of " << expected
                                     << " expected, " << result.lost << " lost, " << result.out_of_order
                                     << " out of order, " << result.repeated << " repeated, "
                                     << result.other_ids << " under another id; first: " << result.first_wrong
                                     << "; SLUICE_SEED=" << random_seed() << "\n"
                                     << last_story();
}

testing::AssertionResult ConsumerTest::goes_on(double messages) {
  const double target = metric("sluice_events_published_total") + messages;
  if (soon([&] { return metric("sluice_events_published_total") >= target; }, 60s))
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << last_story();
}

bool ConsumerTest::waits_for(const std::string& why) {
  return soon([&] {
    const auto readiness = worker().get("/readyz");
    return readiness.status == 200 && readiness.body.find("\"degraded\"") != std::string::npos &&
           readiness.body.find(why) != std::string::npos;
  });
}

}  // namespace sluice::test
