#include <iostream>
#include <utility>

#include "support/calling.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr double mib = 1 << 20;

/// What a worker has in memory stays within what is stated (docs/architecture.md), by its own account and,
/// with room for the driver and the process, by the system's.
class MemoryBound : public CallingTest {
 protected:
  double peak_in_flight() const { return metric("sluice_bytes_in_flight_peak"); }
  void expect_resident_below(double most_mb) {
    const double peak = worker().memory().peak_mb;
    std::cout << "in flight at most " << peak_in_flight() / mib << " MiB, peak RSS " << peak << " MB\n";
    if (sanitized()) return;
    EXPECT_LT(peak, most_mb);
  }
};

TEST_F(MemoryBound, DocumentsOf15MegabytesToAWebhook) {
  constexpr int documents = 16;
  constexpr double queue = 32 * mib;
  constexpr double one_batch = 3 * 20 * mib;  // three copies of the largest batch
  start(hook_file(), {"--queue-mb", "32"}).ready();
  const std::string text(15'000'000, 'x');
  for (int i = 0; i < documents; ++i)
    db().insert("items", "{\"_id\":" + std::to_string(i) + ",\"text\":\"" + text + "\"}");
  ASSERT_TRUE(soon([&] { return metric("sluice_events_published_total") == documents; }, 120s));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  EXPECT_LE(peak_in_flight(), queue + one_batch);
  EXPECT_GT(peak_in_flight(), 45e6) << "three copies of one are counted while it is sent";
  expect_resident_below(200);
}

/// 400 documents take over 1 MB each from 40 others: read and rendered, 440 MB.
TEST_F(MemoryBound, CopiesOfLargeFields) {
  constexpr double queue = 16 * mib;
  constexpr double one_batch = 2 * 2 * 4 * mib;  // twice what is expected of 4 MiB, and the driver's copy
  const std::string text(1'000'000, 'x');
  for (int i = 0; i < 40; ++i)
    db().insert("users", "{\"_id\":" + std::to_string(i) + ",\"bio\":\"" + text + "\"}");
  start(file("  - name: bios\n    embed: { from: users, into: [ { collection: articles, reference: userId, "
             "set: { bio: userBio } } ] }\n"),
        {"--queue-mb", "16"})
      .ready();
  std::vector<Document> all;
  for (int i = 0; i < 400; ++i)
    all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"userId\":" + std::to_string(i % 40) + "}");
  db().insert("articles", all);
  ASSERT_TRUE(soon([&] { return metric("sluice_events_applied_total") >= 400; }, 120s));
  EXPECT_EQ(db().count("articles", R"({"$expr":{"$eq":[{"$strLenCP":"$userBio"},1000000]}})"), 400);
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  EXPECT_LE(peak_in_flight(), queue + one_batch);
  expect_resident_below(140);
}

TEST_F(MemoryBound, RenderedMessagesThatWaitForASlowService) {
  constexpr double queue = 16 * mib;
  service().answer({.way = WebAnswer::Way::silence});
  start(hook_file("      body: '{\"text\":\"{text}\"}'\n"),
        {"--queue-mb", "16", "--cursor-batch", "500", "--drain-ms", "100"})
      .ready();
  const std::string text(2000, 'x');
  std::vector<Document> all;
  for (int i = 0; i < 20'000; ++i) {
    all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"text\":\"" + text + "\"}");
    if (all.size() < 1000) continue;
    db().insert("items", all);
    all.clear();
  }
  // The reader stops by itself: what waits leaves no room for another answer.
  ASSERT_TRUE(soon([&] { return metric("sluice_bytes_in_flight") > queue / 2; }, 60s));
  double before = -1;
  ASSERT_TRUE(soon(
      [&] {
        const double read = metric("sluice_events_read_total");
        return read == std::exchange(before, read);
      },
      60s));
  EXPECT_LT(metric("sluice_events_read_total"), 20'000);
  EXPECT_LE(peak_in_flight(), queue);
  expect_resident_below(100);
}

/// Each webhook has a stream of its own. Twenty of them have read what they may and get no answer, while the
/// last one sends everything.
TEST_F(MemoryBound, ManyStreamsWhoseServicesDoNotAnswer) {
  constexpr int silent = 20;
  constexpr int documents = 20'000;
  constexpr double queue = 32 * mib;
  service().answer({.way = WebAnswer::Way::silence});
  WebService answers;
  std::string rules;
  for (int i = 0; i <= silent; ++i) {
    rules += "  - name: hook" + std::to_string(i) + "\n    webhook:\n      from: items\n      url: \"" +
             (i < silent ? service() : answers).origin() + "/{coll}\"\n      body: '{\"text\":\"{text}\"}'\n";
    if (i == silent) rules += "      batch: { size: 100 }\n";
  }
  start(file(rules), {"--queue-mb", "32", "--drain-ms", "100"}).ready();
  const std::string text(2000, 'x');
  std::vector<Document> all;
  for (int i = 0; i < documents; ++i) {
    all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"text\":\"" + text + "\"}");
    if (all.size() < 1000) continue;
    db().insert("items", all);
    all.clear();
  }
  EXPECT_TRUE(soon([&] { return metric("sluice_events_published_total") >= documents; }, 120s))
      << metric("sluice_events_published_total");
  const double in_flight = metric("sluice_bytes_in_flight");
  const double peak = metric("sluice_memory_bytes_in_flight_peak");
  std::cout << "in flight now " << in_flight / mib << " MiB, at most " << peak / mib << " MiB\n";
  EXPECT_GT(in_flight, 0);
  EXPECT_LE(in_flight, queue);
  EXPECT_GT(peak, 0);
  EXPECT_LE(peak, queue);
  expect_resident_below(150);
}

}  // namespace
}  // namespace sluice::test
