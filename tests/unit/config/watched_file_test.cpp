#include "config/watched_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sluice::config {
namespace {

class WatchedFileTest : public testing::Test {
 protected:
  WatchedFileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~WatchedFileTest() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ / "w.yaml"; }
  void write(const std::string& text) const { std::ofstream(path()) << text; }
  void write_rule(const std::string& field, const std::string& more = "") const {
    write("pipeline: p\n" + more +
          "mongodb: {database: d}\nrules:\n  - name: r\n    count: {field: " + field + "}\n");
  }
  static std::string field_of(const std::optional<ConfigNews>& news) {
    return news->config->streams.front().rules.front().settings.text("field");
  }

  std::filesystem::path folder_;
};

TEST_F(WatchedFileTest, AnUnchangedTextIsNoNews) {
  write_rule("f");
  WatchedFile file(path(), {}, {});
  EXPECT_EQ(file.config().pipeline, "p");
  write_rule("f");  // another time of the file, the same text
  for (const bool asked : {false, true, false}) EXPECT_FALSE(file.poll(asked));
}

TEST_F(WatchedFileTest, AChangedTextCountsOnceItStandsStill) {
  write_rule("f");
  WatchedFile file(path(), {}, {});
  write("pipel");
  EXPECT_FALSE(file.poll(false));
  write_rule("g");
  EXPECT_FALSE(file.poll(false));
  const auto news = file.poll(false);
  ASSERT_TRUE(news && news->config);
  EXPECT_EQ(field_of(news), "g");
  EXPECT_FALSE(file.poll(false));
}

TEST_F(WatchedFileTest, WhoeverAsksNeedNotWait) {
  write_rule("f");
  WatchedFile file(path(), {}, {});
  write_rule("g");
  const auto news = file.poll(true);
  ASSERT_TRUE(news && news->config);
  EXPECT_EQ(field_of(news), "g");
}

TEST_F(WatchedFileTest, ABadTextIsRefusedOnceAndTheOldOneIsGoodNews) {
  write_rule("f");
  WatchedFile file(path(), {}, {});
  write_rule("f", "engine: {lanes: many}\n");
  const auto news = file.poll(true);
  ASSERT_TRUE(news);
  EXPECT_FALSE(news->config);
  EXPECT_NE(news->refused.find("w.yaml:2:"), std::string::npos) << news->refused;
  EXPECT_FALSE(file.poll(true));
  write_rule("f");
  const auto again = file.poll(true);
  ASSERT_TRUE(again && again->config);
  EXPECT_EQ(field_of(again), "f");
}

TEST_F(WatchedFileTest, AFileThatIsGoneIsRefusedAndComesBack) {
  write_rule("f");
  WatchedFile file(path(), {}, {});
  std::filesystem::remove(path());
  EXPECT_FALSE(file.poll(false));  // as while it is replaced
  const auto gone = file.poll(false);
  ASSERT_TRUE(gone && !gone->config);
  EXPECT_NE(gone->refused.find("cannot be read"), std::string::npos) << gone->refused;
  write_rule("f");
  EXPECT_TRUE(file.poll(true)->config);
}

TEST_F(WatchedFileTest, NamesTheOptionsThatTheStreamsDoNotBringAlong) {
  write_rule("f", "engine: {lanes: 4, queue_mb: 8}\n");
  WatchedFile file(path(), {{"queue-mb", "16"}}, {});
  write_rule("g", "engine: {lanes: 5, queue_mb: 9}\nhttp: {port: 80}\n");
  const auto news = file.poll(true);
  ASSERT_TRUE(news && news->config);
  EXPECT_EQ(news->need_restart, (std::vector<std::string>{"engine.lanes", "http.port"}));  // the flag stands
  write_rule("g", "engine: {lanes: 4, queue_mb: 8}\n");
  EXPECT_EQ(file.poll(true)->need_restart, std::vector<std::string>{});
}

}  // namespace
}  // namespace sluice::config
