#include "source/peer/peer_connector.hpp"

#include <gtest/gtest.h>

namespace sluice::source {
namespace {

using std::chrono::seconds;

class SomePeer : public PeerReader {
 public:
  SomePeer(std::string name, std::string why_not) : name_(std::move(name)), why_not_(std::move(why_not)) {}
  std::string name() const override { return name_; }
  std::string connect(const std::stop_token&) override { return why_not_; }
  std::string open(const PeerRequest&) override { return ""; }
  std::unique_ptr<StreamBatch> next(std::size_t, flow::Duration, std::string&) override { return nullptr; }

 private:
  const std::string name_;
  const std::string why_not_;
};

class PeerConnectorTest : public testing::Test {
 protected:
  /// The pauses between the next `count` tries, in seconds.
  std::vector<int> pauses(int count) {
    std::vector<int> found;
    for (int i = 0; i < count; ++i) {
      const std::size_t before = tries_;
      int waited = 0;
      for (; tries_ == before; ++waited) {
        connector_.poll({"orders"});
        now_ += seconds(1);
      }
      found.push_back(waited);
    }
    return found;
  }

  flow::Time now_ = flow::Time{} + std::chrono::hours(1);
  std::string why_not_of_a_ = "no answer";
  std::string why_not_ = "refused";
  bool three_ = false;
  std::size_t tries_ = 0;
  PeerConnector connector_{[this](const std::set<std::string>&) {
                             ++tries_;
                             std::vector<std::unique_ptr<PeerReader>> peers;
                             peers.push_back(std::make_unique<SomePeer>("a", why_not_of_a_));
                             peers.push_back(std::make_unique<SomePeer>("b", why_not_));
                             if (three_) peers.push_back(std::make_unique<SomePeer>("c", ""));
                             return peers;
                           },
                           std::launch::deferred, [this] { return now_; }};
};

TEST_F(PeerConnectorTest, TriesThemInTheirOrder) {
  EXPECT_EQ(connector_.poll({"orders"}).why_not, "a: no answer; b: refused");
  now_ += seconds(1);
  why_not_ = "";
  const auto result = connector_.poll({"orders"});
  ASSERT_TRUE(result.reader);
  EXPECT_EQ(result.reader->name(), "b");
  EXPECT_EQ(result.why_not, "");
}

TEST_F(PeerConnectorTest, BeginsWithAnotherOneAfterARefusal) {
  const auto next = [this] {
    now_ += std::chrono::minutes(2);
    const auto result = connector_.poll({"orders"});
    return result.reader ? result.reader->name() : "";
  };
  why_not_of_a_ = why_not_ = "";
  EXPECT_EQ(next(), "a");
  connector_.refused("a");
  EXPECT_EQ(next(), "b");
  connector_.refused("b");
  EXPECT_EQ(next(), "a");
  connector_.refused("a");
  EXPECT_EQ(next(), "b");
  connector_.began("b");
  connector_.ended(true);
  EXPECT_EQ(next(), "a") << "it has the first place again";
  connector_.began("a");
  now_ += seconds(3);
  connector_.ended(false);
  EXPECT_EQ(next(), "b") << "a has failed soon";
  connector_.began("b");
  now_ += std::chrono::minutes(1);
  connector_.ended(false);
  EXPECT_EQ(next(), "a");
}

TEST_F(PeerConnectorTest, TriesAllThatConnectButRefuse) {
  why_not_of_a_ = why_not_ = "";
  three_ = true;
  std::string tried;
  for (int i = 0; i < 6; ++i) {
    now_ += std::chrono::minutes(2);
    const auto result = connector_.poll({"orders"});
    ASSERT_TRUE(result.reader);
    tried += result.reader->name();
    connector_.refused(result.reader->name());
  }
  EXPECT_EQ(tried, "abcabc");
}

TEST_F(PeerConnectorTest, PausesForLongerAfterEachTry) {
  EXPECT_EQ(pauses(9), (std::vector<int>{1, 1, 2, 4, 8, 16, 32, 60, 60}));
}

TEST_F(PeerConnectorTest, TriesSoonAgainWhenAReaderHasLasted) {
  pauses(8);
  connector_.began("b");
  now_ += std::chrono::minutes(1);
  connector_.ended(false);
  EXPECT_FALSE(connector_.poll({"orders"}).reader);
  EXPECT_EQ(pauses(3), (std::vector<int>{2, 1, 2}));
}

TEST_F(PeerConnectorTest, TriesAtOnceWhenAReaderWasGivenUp) {
  pauses(5);
  connector_.began("b");
  connector_.ended(true);
  EXPECT_EQ(pauses(3), (std::vector<int>{1, 1, 2}));
}

TEST_F(PeerConnectorTest, PausesOnWhenAReaderDoesNotLast) {
  pauses(5);
  connector_.began("b");
  now_ += seconds(1);
  connector_.ended(false);
  EXPECT_EQ(pauses(2), (std::vector<int>{17, 32}));
}

}  // namespace
}  // namespace sluice::source
