#include "source/relay_stream.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "unit/bson/json.hpp"
#include "unit/source/events.hpp"

namespace sluice::source {
namespace {

using test::EventJson;

/// A log in memory, with what a real one does: sequences, partitions, and a front that is dropped.
class MemoryLog : public RelayLog {
 public:
  void append(int partition, const std::string& token, const std::string& body,
              const std::string& version = "o-v", int part = 0, int parts = 1) {
    RelayRecord record;
    record.sequence = ++last_;
    record.place = ++places_;
    record.partition = partition;
    record.id = token;
    record.header = {version, previous_[partition], part, parts};
    record.body = body;
    previous_[partition] = last_;
    records_.emplace(places_, std::move(record));
  }
  /// As a topic that was deleted and created again: places begin again, sequences go on elsewhere.
  void make_anew() {
    records_.clear();
    places_ = 0;
    last_ += 1000;
    forget_previous();
  }
  /// As a writer that begins with an empty log: it does not know the newest record of any partition.
  void forget_previous(std::uint64_t beyond = 0) {
    for (auto& [partition, previous] : previous_) previous = last_ + beyond;
  }
  void drop_before(std::uint64_t place) { records_.erase(records_.begin(), records_.lower_bound(place)); }

  int looked_for_last = 0;
  std::size_t at_once = SIZE_MAX;  ///< records that a reader is sent at once
  /// Called once, behind the next answer about where the log begins and ends.
  std::function<void()> behind_span;

  const std::string& name() const override { return name_; }
  std::optional<Error> check(bool& there) override {
    there = true;
    return std::nullopt;
  }
  std::optional<Error> prepare() override { return std::nullopt; }
  std::optional<Error> look(RelayState& state) override {
    state = {last_, records_.size(), 0};
    return std::nullopt;
  }
  std::optional<Error> span(int, RelaySpan& span) override {
    if (!records_.empty()) {
      span.first = records_.begin()->first;
      span.newest = records_.rbegin()->second;
    }
    if (const auto change = std::exchange(behind_span, nullptr)) change();
    return std::nullopt;
  }
  std::optional<Error> get(int, std::uint64_t place, std::optional<RelayRecord>& record) override {
    const auto found = records_.find(place);
    record = found == records_.end() ? std::nullopt : std::optional(found->second);
    return std::nullopt;
  }
  std::optional<Error> last_of(int partition, std::optional<RelayRecord>& record) override {
    ++looked_for_last;
    record.reset();
    for (const auto& [place, one] : records_) {
      if (one.partition == partition) record = one;
    }
    return std::nullopt;
  }
  std::optional<Error> write(std::unique_ptr<RelayAppender>&) override { return std::nullopt; }
  std::optional<Error> read(int partition, std::uint64_t from,
                            std::unique_ptr<RelayReader>& reader) override {
    reader = std::make_unique<Reader>(*this, partition, from);
    return std::nullopt;
  }

 private:
  struct Reader : RelayReader {
    Reader(MemoryLog& from, int of, std::uint64_t at) : log(from), partition(of), next_place(at) {}
    std::optional<Error> next(std::vector<RelayRecord>& records, std::size_t most, std::size_t bytes,
                              std::chrono::milliseconds) override {
      std::size_t taken = 0;
      for (auto one = log.records_.lower_bound(next_place); one != log.records_.end(); ++one) {
        if (records.size() == std::min(most, log.at_once) || taken >= bytes) break;
        next_place = one->first + 1;
        if (one->second.partition != partition) continue;
        records.push_back(one->second);
        taken += one->second.body.size();
      }
      return std::nullopt;
    }
    std::uint64_t unread() const override {
      std::uint64_t count = 0;
      for (auto one = log.records_.lower_bound(next_place); one != log.records_.end(); ++one)
        count += one->second.partition == partition ? 1 : 0;
      return count;
    }
    MemoryLog& log;
    int partition;
    std::uint64_t next_place;
  };

  const std::string name_ = "the log";
  std::map<std::uint64_t, RelayRecord> records_;  ///< by their places
  std::map<int, std::uint64_t> previous_;
  std::uint64_t last_ = 0;
  std::uint64_t places_ = 0;
};

class RelayStreamTest : public testing::Test {
 protected:
  static std::string event(const std::string& token, const std::string& operation = "insert") {
    test::Store store;
    const bson::View view =
        store.document(EventJson{.operation = operation, .collection = "c", .token = token}.text());
    return {reinterpret_cast<const char*>(view.data()), view.size()};
  }
  static Position position(const std::string& token) {
    bson::Builder out;
    return Position::of(out.append("_data", token).finish(), 1);
  }
  static std::string heartbeat(const std::string& token) {
    bson::Builder out;
    const bson::View body = RelayHeartbeat{}.make(position(token), out);
    return {reinterpret_cast<const char*>(body.data()), body.size()};
  }
  void append(int partition, const std::string& token, const std::string& version = "o-v") {
    log_->append(partition, token, event(token), version);
  }
  std::optional<Error> open(const std::string& after) {
    Position at;
    return stream_.open(position(after), at);
  }
  /// The tokens of the next batch, then "|", then where it ends; or the error's kind.
  std::string next() { return next_of(stream_); }
  static std::string next_of(RelayStream& stream) {
    std::unique_ptr<StreamBatch> batch;
    if (const auto error = stream.next(batch)) return std::string(name_of(error->kind));
    std::string text;
    for (const bson::View one : batch->events)
      text += std::string(one.at("_id").document().at("_data").text()) + " ";
    return text + "| " + std::string(batch->resume_token.at("_data").text());
  }

  static auto count(const std::string& batch) { return std::ranges::count(batch, ' ') - 1; }

  mongo::Driver driver_;
  StreamConfig config_{.name = "s", .uri = "mongodb://127.0.0.1:1", .database = "d"};
  mongo::ClientPool pool_{config_, 1, "test"};
  std::shared_ptr<MemoryLog> log_ = std::make_shared<MemoryLog>();
  RelayStream stream_{
      pool_, log_, {"d", 1, "o-v", 100, 1, 0, [this](std::uint64_t records) { unread_ = records; }}};
  std::uint64_t unread_ = 99;
};

TEST(RelayOwner, IsToldByTheFirstRecordThatIsFound) {
  MemoryLog log;
  EXPECT_FALSE(check_owner(log, 4, "o-v"));
  log.append(1, "a", "", "o-old");
  log.append(2, "b", "", "o-v");
  log.append(3, "c", "", "o-v");
  log.looked_for_last = 0;
  EXPECT_FALSE(check_owner(log, 4, "o-v"));
  EXPECT_EQ(log.looked_for_last, 2);
  const auto error = check_owner(log, 4, "p-v");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::fatal);
}

TEST_F(RelayStreamTest, ReadsItsPartitionBehindThePosition) {
  for (const char* token : {"8201", "8203", "8205", "8207"}) append(1, token);
  append(0, "8208");
  ASSERT_FALSE(open("8203"));
  EXPECT_EQ(next(), "8205 8207 | 8207");
  EXPECT_EQ(next(), "| 8207") << "nothing new";
  append(0, "8209");
  append(1, "8210");
  EXPECT_EQ(next(), "8210 | 8210");
}

TEST_F(RelayStreamTest, APositionBetweenRecordsWillDo) {
  append(1, "8201");
  append(0, "8203");
  append(1, "8207");
  ASSERT_FALSE(open("8205"));
  EXPECT_EQ(next(), "8207 | 8207");
}

TEST_F(RelayStreamTest, HeartbeatsMoveThePositionWithoutAnEvent) {
  append(1, "8201");
  log_->append(1, "8204/1/0", heartbeat("8204"));
  ASSERT_FALSE(open("8201"));
  EXPECT_EQ(next(), "| 8204");
}

TEST_F(RelayStreamTest, RepeatedEventsAreDropped) {
  for (const char* token : {"8201", "8202", "8203", "8201", "8202", "8203", "8204"}) append(1, token);
  ASSERT_FALSE(open("8201"));
  EXPECT_EQ(next(), "8202 8203 8204 | 8204");
}

TEST_F(RelayStreamTest, APositionBeforeTheLogIsLost) {
  log_->append(1, "8204/1/0", heartbeat("8204"));
  append(1, "8205");
  EXPECT_EQ(open("8203")->kind, ErrorKind::lost);
}

TEST_F(RelayStreamTest, APositionBeforeALogWithoutABeginningIsNotLostYet) {
  append(1, "8205");
  append(1, "8206");
  EXPECT_EQ(open("8203")->kind, ErrorKind::unavailable);
  log_->drop_before(2);
  EXPECT_EQ(open("8203")->kind, ErrorKind::lost) << "its front was dropped";
}

TEST_F(RelayStreamTest, WhatIsDroppedBehindThePositionIsLost) {
  for (const char* token : {"8201", "8203", "8205", "8207"}) append(1, token);
  ASSERT_FALSE(open("8201"));
  log_->drop_before(4);
  EXPECT_EQ(next(), "cursor_gone");
  EXPECT_EQ(open("8201")->kind, ErrorKind::lost);
}

TEST_F(RelayStreamTest, WhatIsDroppedOfOtherPartitionsIsNot) {
  append(1, "8201");
  append(0, "8202");
  append(0, "8203");
  append(1, "8204");
  ASSERT_FALSE(open("8201"));
  log_->drop_before(4);
  EXPECT_EQ(next(), "8204 | 8204");
}

TEST_F(RelayStreamTest, AnEmptiedLogThatIsWrittenAnewLosesNothing) {
  append(1, "8201");
  append(1, "8203");
  append(0, "8204");
  ASSERT_FALSE(open("8201"));
  EXPECT_EQ(next(), "8203 | 8203");
  log_->drop_before(100);
  log_->forget_previous();
  log_->append(1, "8202/1/0", heartbeat("8202"));
  append(1, "8203");
  append(1, "8205");
  EXPECT_EQ(next(), "8205 | 8205");
}

TEST_F(RelayStreamTest, AnEmptiedLogThatBeginsBehindThePositionIsLost) {
  append(1, "8201");
  append(0, "8202");
  ASSERT_FALSE(open("8201"));
  log_->drop_before(100);
  log_->forget_previous();
  append(1, "8204");
  EXPECT_EQ(next(), "cursor_gone");
  EXPECT_EQ(open("8201")->kind, ErrorKind::lost);
}

/// A gap that the writer marked stays where it is, however often the position is looked for.
TEST_F(RelayStreamTest, AGapBehindRecordsThatCanBeReadIsLostAtTheSecondLook) {
  append(1, "8201");
  append(1, "8202");
  log_->forget_previous(1);
  append(1, "8209");
  for (const char* expected : {"cursor_gone", "lost"}) {
    ASSERT_FALSE(open("8201"));
    EXPECT_EQ(next(), expected);
  }
}

/// Places are the log's own, as in Kafka: they may begin again where sequences do not.
TEST_F(RelayStreamTest, ALogThatWasMadeAnewIsSearchedBeforeAnythingIsLost) {
  append(1, "8201");
  append(1, "8203");
  ASSERT_FALSE(open("8201"));
  EXPECT_EQ(next(), "8203 | 8203");
  log_->make_anew();
  log_->append(1, "8202/1/0", heartbeat("8202"));
  append(1, "8203");
  append(1, "8205");
  append(1, "8207");
  EXPECT_EQ(next(), "cursor_gone");
  ASSERT_FALSE(open("8203"));
  EXPECT_EQ(next(), "8205 8207 | 8207");
}

TEST_F(RelayStreamTest, ALogThatIsEmptiedWhileItIsSearchedIsSearchedAgain) {
  append(1, "8205");
  append(1, "8206");
  log_->behind_span = [this] { log_->drop_before(100); };
  EXPECT_EQ(open("8203")->kind, ErrorKind::unavailable);
  EXPECT_EQ(open("8203")->kind, ErrorKind::unavailable) << "it is empty";
  log_->forget_previous();
  log_->append(1, "8202/1/0", heartbeat("8202"));
  append(1, "8205");
  ASSERT_FALSE(open("8203"));
  EXPECT_EQ(next(), "8205 | 8205");
}

TEST_F(RelayStreamTest, ALogThatIsWrittenAnewWhileItIsSearchedIsSearchedAgain) {
  for (const char* token : {"8205", "8206", "8207"}) append(1, token);
  log_->behind_span = [this] {
    log_->make_anew();
    log_->append(1, "8202/1/0", heartbeat("8202"));
  };
  const auto error = open("8201");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::unavailable) << error->text();
  EXPECT_EQ(open("8201")->kind, ErrorKind::lost);
  ASSERT_FALSE(open("8202"));
}

/// As one whose oldest records are dropped all the time.
TEST_F(RelayStreamTest, ALogThatChangesInEachSearchEndsTheSearchAllTheSame) {
  for (const char* token : {"8205", "8206", "8207", "8208"}) append(1, token);
  log_->behind_span = [this] { log_->drop_before(2); };
  EXPECT_EQ(open("8203")->kind, ErrorKind::unavailable);
  log_->behind_span = [this] { log_->drop_before(3); };
  EXPECT_EQ(open("8203")->kind, ErrorKind::lost);
}

TEST_F(RelayStreamTest, AnEventInPartsComesWhole) {
  const std::string whole = event("8203");
  append(1, "8201");
  log_->append(1, "8203/1/0", whole.substr(0, 20), "o-v", 0, 3);
  log_->append(1, "8203/1/1", whole.substr(20, 20), "o-v", 1, 3);
  ASSERT_FALSE(open("8201"));
  EXPECT_EQ(next(), "| 8201");
  log_->append(1, "8203/1/2", whole.substr(40), "o-v", 2, 3);
  EXPECT_EQ(next(), "8203 | 8203");
}

TEST_F(RelayStreamTest, WhatOtherRulesWroteIsNotRead) {
  append(1, "8201", "o-other");
  append(1, "8205", "o-other");
  EXPECT_EQ(open("8203")->kind, ErrorKind::unavailable) << "its writer has not begun";
  append(1, "8202");
  append(1, "8204");
  ASSERT_FALSE(open("8203"));
  EXPECT_EQ(next(), "8204 | 8204");
  append(1, "8206", "o-other");
  EXPECT_EQ(next(), "unavailable");
}

TEST_F(RelayStreamTest, WhatAnotherPipelineWroteIsRefused) {
  append(1, "8201", "p-v");
  EXPECT_EQ(open("8201")->kind, ErrorKind::fatal);
  append(1, "8202");
  ASSERT_FALSE(open("8202"));
  append(0, "8203", "p-v");
  append(1, "8204", "p-v");
  EXPECT_EQ(next(), "fatal");
}

TEST_F(RelayStreamTest, ReportsHowMuchIsNotRead) {
  append(1, "8201");
  append(0, "8202");
  ASSERT_FALSE(open("8201"));
  for (int i = 0; i < 120; ++i) append(1, "83" + std::to_string(100 + i));
  next();
  EXPECT_EQ(unread_, 20U);
  next();
  EXPECT_EQ(unread_, 0U);
}

/// The log sends a few records at a time.
TEST_F(RelayStreamTest, WhileThereAreManyEventsABatchGathersMore) {
  append(1, "8201");
  RelayStream patient(pool_, log_, {"d", 1, "o-v", 100, 1, 2000});
  Position at;
  ASSERT_FALSE(patient.open(position("8201"), at));
  for (int i = 0; i < 220; ++i) append(1, "83" + std::to_string(100 + i));
  log_->at_once = 20;
  EXPECT_EQ(count(next_of(patient)), 20) << "at first, what comes at once";
  EXPECT_EQ(count(next_of(patient)), 100);
  EXPECT_EQ(count(next_of(patient)), 100);
}

TEST_F(RelayStreamTest, ABatchThatGathersMoreKeepsTheLimitOfBytes) {
  append(1, "8201");
  RelayStream patient(pool_, log_, {"d", 1, "o-v", 100, 1, 2000});
  Position at;
  ASSERT_FALSE(patient.open(position("8201"), at));
  for (int i = 0; i < 200; ++i) append(1, "83" + std::to_string(100 + i));
  log_->at_once = 20;
  EXPECT_EQ(count(next_of(patient)), 20) << "at first, what comes at once";
  ReadLimit limit;
  limit.bytes = 25 * event("83100").size();
  patient.read_at_most(limit);
  EXPECT_EQ(count(next_of(patient)), 25);
}

TEST_F(RelayStreamTest, ABatchEndsWithAnInvalidation) {
  append(1, "8201");
  ASSERT_FALSE(open("8201"));
  append(1, "8202");
  log_->append(1, "8203", event("8203", "invalidate"));
  append(1, "8204");
  EXPECT_EQ(next(), "8202 8203 | 8203");
  EXPECT_TRUE(stream_.invalidated());
  EXPECT_EQ(next(), "8204 | 8204");
  EXPECT_FALSE(stream_.invalidated());
}

TEST_F(RelayStreamTest, AnEmptyLogIsWaitedFor) {
  EXPECT_EQ(open("8201")->kind, ErrorKind::unavailable);
}

}  // namespace
}  // namespace sluice::source
