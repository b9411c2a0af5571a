#include "support/fixture.hpp"
#include "support/kafka_fixture.hpp"
#include "support/publishing.hpp"
#include "support/skipping.hpp"

namespace sluice::test {
namespace {

constexpr std::size_t mega = 1024 * 1024;

std::string filler(double megabytes, char with = 'x') {
  return '"' + std::string(static_cast<std::size_t>(megabytes * mega), with) + '"';
}

/// A list of ten megabytes that holds one value, many times.
std::string long_list(char value) {
  std::string list;
  for (int i = 0; i < 1000; ++i) list += (i > 0 ? "," : "") + filler(0.01, value);
  return "[" + list + "]";
}

/// Documents near the server's limit of 16 MB: with its pre-image, an update of one makes an event that no
/// answer can hold.
class LargeEvents : public PipelineTest {
 protected:
  void insert_large(const std::string& id) {
    db().insert("articles",
                R"({"_id":)" + id + R"(,"authorId":1,"tagList":["a","b"],"body":)" + filler(15.9) + "}");
  }
  void update(const std::string& id, const std::string& change) {
    db().update("articles", R"({"_id":)" + id + "}", change);
  }
  void favorite(const std::string& id) { db().insert("favorites", R"({"articleId":)" + id + "}"); }
  std::vector<Document> letters() { return state().find("dead_letters", {}, R"({"sort":{"at":1}})"); }
  std::int64_t number(const std::string& collection, const std::string& id, const std::string& field) {
    const auto found = db().find(collection, R"({"_id":)" + id + "}", R"({"projection":{"body":0}})");
    return found.empty() ? -1 : found[0].integer(field, -1);
  }
  std::vector<std::string> behind_relay() { return relay_of_one(db().database(), shared_nats()); }
  std::vector<std::string> behind_relay_on_kafka() {
    return {"--relay-topic",   db().database() + "_relay", "--relay-partitions", "1",
            "--kafka-brokers", shared_kafka().brokers()};
  }
  void read_in_part(const std::vector<std::string>& flags);
  void leave_neighbours_alone(std::vector<std::string> flags);
  void become_letters(const std::vector<std::string>& flags);
  /// The four ends add up to the events read.
  void expect_every_event_ended() {
    EXPECT_TRUE(soon([&] { return metric("sluice_events_in_flight") == 0; }));
    EXPECT_EQ(metric("sluice_events_applied_total") + metric("sluice_events_filtered_total") +
                  metric("sluice_events_dead_total"),
              metric("sluice_events_read_total"));
  }
};

void LargeEvents::read_in_part(const std::vector<std::string>& flags) {
  start(realworld_file(), flags).ready();
  db().insert("users", R"({"_id":1,"username":"u"})");
  insert_large("1");
  favorite("1");
  update("1", R"({"$set":{"tagList":["b","c"],"body":)" + filler(15.5, 'y') + "}}");
  favorite("1");
  update("1", R"({"$set":{"tagList.1":"d","body":)" + filler(15.5, 'z') + "}}");
  favorite("1");
  ASSERT_TRUE(settled());
  EXPECT_EQ(number("articles", "1", "favoritesCount"), 3);
  EXPECT_TRUE(becomes("tags", "\"b\"", R"({"_id":"b","articleCount":1})"));
  EXPECT_TRUE(becomes("tags", "\"d\"", R"({"_id":"d","articleCount":1})"));
  EXPECT_TRUE(vanishes("tags", "\"a\""));
  EXPECT_TRUE(vanishes("tags", "\"c\""));
  EXPECT_EQ(letters().size(), 0U);
  EXPECT_GE(metric("sluice_large_events_total"), 1);
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  expect_every_event_ended();
}

TEST_F(LargeEvents, AreReadInPartAndProcessedExactly) {
  read_in_part({});
}

TEST_F(LargeEvents, BehindARelayAreReadInPartAndProcessedExactly) {
  read_in_part(behind_relay());
}

/// Of a replaced document the event holds both states: over 31 MB. Its copies are filled from what is stored,
/// for the event does not show them.
TEST_F(LargeEvents, AreReadInPartWhenADocumentIsReplaced) {
  start(realworld_file()).ready();
  db().insert("users", R"({"_id":2,"image":"two"})");
  insert_large("1");
  db().replace("articles", R"({"_id":1})",
               R"({"authorId":2,"authorUsername":"stale","tagList":["b","c"],"body":)" + filler(15.9) + "}");
  ASSERT_TRUE(settled());
  EXPECT_EQ(db().count("articles", R"({"authorImage":"two","authorUsername":{"$exists":false}})"), 1);
  EXPECT_TRUE(vanishes("tags", "\"a\""));
  EXPECT_TRUE(becomes("tags", "\"c\"", R"({"_id":"c","articleCount":1})"));
  db().remove("articles", R"({"_id":1})");
  EXPECT_TRUE(vanishes("tags", "\"c\""));
  EXPECT_EQ(letters().size(), 0U);
}

/// Between many small ones: all are read once, none is lost.
void LargeEvents::leave_neighbours_alone(std::vector<std::string> flags) {
  flags.insert(flags.end(), {"--cursor-batch", "50"});
  start(realworld_file(), flags).ready();
  insert_large("1");
  for (int i = 0; i < 120; ++i) {
    if (i % 40 == 20) {
      update("1", R"({"$set":{"tagList.0":"t)" + std::to_string(i) + R"(","body":)" + filler(15) + "}}");
    }
    favorite("1");
  }
  ASSERT_TRUE(settled());
  EXPECT_EQ(number("articles", "1", "favoritesCount"), 120);
  EXPECT_EQ(metric("sluice_events_read_total"), 124);
  EXPECT_EQ(db().count("tags"), 2);
  EXPECT_TRUE(becomes("tags", "\"t100\"", R"({"_id":"t100","articleCount":1})"));
}

TEST_F(LargeEvents, LeaveTheirNeighboursAlone) {
  leave_neighbours_alone({});
}

TEST_F(LargeEvents, BehindARelayOnKafkaAreReadInPartAndProcessedExactly) {
  skip_if(why_no_kafka());
  if (why_no_kafka().empty()) read_in_part(behind_relay_on_kafka());
}

TEST_F(LargeEvents, BehindARelayLeaveTheirNeighboursAlone) {
  leave_neighbours_alone(behind_relay());
}

void LargeEvents::become_letters(const std::vector<std::string>& flags) {
  start(realworld_file(), flags).ready();
  db().insert("users", R"({"_id":2,"username":"two"})");
  insert_large("1");
  favorite("1");
  update("1", R"({"$set":{"body":"","tagList":)" + long_list('p') + "}}");
  update("1", R"({"$set":{"authorId":2,"tagList":)" + long_list('q') + "}}");
  favorite("1");
  ASSERT_TRUE(settled());
  EXPECT_EQ(number("articles", "1", "favoritesCount"), 2);
  EXPECT_EQ(db().count("articles", R"({"authorUsername":"two"})"), 1) << "a copy needs no more than the key";
  const auto found = letters();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].text("rule"), "tag-tally");
  EXPECT_EQ(found[0].integer("error.code"), 10334);
  EXPECT_NE(found[0].text("error.message").find("too large"), std::string::npos);
  EXPECT_NE(found[0].text("token._data"), "");
  EXPECT_EQ(found[0].text("event.operationType"), "update");
  EXPECT_EQ(found[0].integer("event.documentKey._id"), 1);
  EXPECT_EQ(metric("sluice_events_dead_total"), 1);
  expect_every_event_ended();
}

TEST_F(LargeEvents, GoToTheDeadLettersWhenWhatRulesNeedIsTooLarge) {
  become_letters({});
}

TEST_F(LargeEvents, BehindARelayGoToTheDeadLettersWhenWhatRulesNeedIsTooLarge) {
  become_letters(behind_relay());
}

TEST_F(LargeEvents, AreResumedBehind) {
  start(realworld_file()).ready();
  insert_large("1");
  update("1", R"({"$set":{"tagList.0":"c","body":)" + filler(15.5) + "}}");
  ASSERT_TRUE(settled());
  worker().kill9();
  update("1", R"({"$set":{"tagList.0":"d","body":)" + filler(15.5, 'y') + "}}");
  update("1", R"({"$set":{"tagList.0":"e","body":)" + filler(15.5, 'z') + "}}");
  favorite("1");
  forget_workers();
  start(realworld_file()).ready();
  ASSERT_TRUE(settled());
  worker().kill9();
  forget_workers();
  start(realworld_file()).ready();
  favorite("1");
  ASSERT_TRUE(settled());
  EXPECT_EQ(number("articles", "1", "favoritesCount"), 2);
  EXPECT_TRUE(becomes("tags", "\"e\"", R"({"_id":"e","articleCount":1})"));
  EXPECT_TRUE(becomes("tags", "\"b\"", R"({"_id":"b","articleCount":1})"));
  EXPECT_EQ(db().count("tags"), 2);
}

}  // namespace
}  // namespace sluice::test
