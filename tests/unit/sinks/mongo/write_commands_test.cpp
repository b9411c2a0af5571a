#include "sinks/mongo/write_commands.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks {
namespace {

using Kind = WriteCommands::Kind;

class WriteCommandsTest : public testing::Test {
 protected:
  void add(Kind kind, const std::string& collection, std::size_t write, bool refresh = false) {
    commands_.add(kind, database_, collection, write, refresh,
                  [&](bson::Builder& operation) { operation.append("n", static_cast<std::int32_t>(write)); });
  }
  std::vector<std::string> sent() {
    std::vector<std::string> texts;
    for (auto& command : commands_.in_order()) texts.push_back(command.body.finish().json());
    return texts;
  }
  using Texts = std::vector<std::string>;

  const std::string database_ = "db";
  const std::string articles_ = "articles";
  const std::string tags_ = "tags";
  WriteCommands commands_{1234};
};

TEST_F(WriteCommandsTest, AreNoneForNothing) {
  EXPECT_TRUE(commands_.empty());
  EXPECT_EQ(sent(), Texts{});
}

TEST_F(WriteCommandsTest, PutTheOperationsOfOneKindOnOneCollectionTogether) {
  add(Kind::update, articles_, 0);
  add(Kind::update, tags_, 1);
  add(Kind::update, articles_, 2);
  add(Kind::insert, articles_, 3);
  EXPECT_FALSE(commands_.empty());
  EXPECT_EQ(
      sent(),
      (Texts{
          R"({ "update" : "articles", "ordered" : true, "maxTimeMS" : 1234, "updates" : [ { "n" : 0 }, { "n" : 2 } ] })",
          R"({ "update" : "tags", "ordered" : true, "maxTimeMS" : 1234, "updates" : [ { "n" : 1 } ] })",
          R"({ "insert" : "articles", "ordered" : true, "documents" : [ { "n" : 3 } ] })"}));
  EXPECT_EQ(commands_.in_order()[0].writes, (std::vector<std::size_t>{0, 2}))
      << "to name the write that failed";
}

TEST_F(WriteCommandsTest, GoOneByOneWhenTheRefusedOneIsToBeFound) {
  commands_ = WriteCommands(1234, 1);
  add(Kind::update, articles_, 0);
  add(Kind::update, articles_, 1);
  ASSERT_EQ(commands_.in_order().size(), 2U);
  EXPECT_EQ(commands_.in_order()[1].writes, (std::vector<std::size_t>{1}));
}

/// What would be more than the server takes goes into a command of its own.
TEST_F(WriteCommandsTest, GiveALargeOperationACommandOfItsOwn) {
  const std::string large(9u << 20, 'x');
  const auto add_large = [&](std::size_t write, std::string_view text) {
    commands_.add(Kind::update, database_, articles_, write, false,
                  [&](bson::Builder& operation) { operation.append("v", text); });
  };
  const std::string_view all = large;
  add_large(0, all.substr(0, 15u << 19));
  add_large(1, all);
  add_large(2, "small");
  auto& commands = commands_.in_order();
  ASSERT_EQ(commands.size(), 2U);
  EXPECT_EQ(commands[0].writes, (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(commands[1].writes, (std::vector<std::size_t>{1}));
  for (auto& command : commands) {
    const bson::View body = command.body.finish();
    const bson_t bson = body.borrow();
    EXPECT_TRUE(bson_validate(&bson, BSON_VALIDATE_NONE, nullptr));
    EXPECT_LE(body.size(), WriteCommands::most_command_bytes);
  }
  EXPECT_TRUE(commands[0].body.finish().at_path("updates").document().at("1").document().at("v"));
}

TEST_F(WriteCommandsTest, KeepRefreshesApart) {
  add(Kind::update, articles_, 0, true);
  add(Kind::update, articles_, 1, false);
  ASSERT_EQ(commands_.in_order().size(), 2U);
  EXPECT_TRUE(commands_.in_order()[0].refresh);
  EXPECT_FALSE(commands_.in_order()[1].refresh);
}

TEST_F(WriteCommandsTest, RemoveAfterAllElse) {
  add(Kind::remove, tags_, 0);
  add(Kind::update, tags_, 0);
  add(Kind::insert, tags_, 1);
  const auto texts = sent();
  ASSERT_EQ(texts.size(), 3U);
  EXPECT_EQ(texts[2],
            R"({ "delete" : "tags", "ordered" : true, "maxTimeMS" : 1234, "deletes" : [ { "n" : 0 } ] })");
}

// A counter's update that overflowed into a second command, and the removal at zero that belongs to it.
TEST_F(WriteCommandsTest, RemoveAfterUpdatesThatFillSeveralCommands) {
  constexpr std::size_t writes = 50001;
  for (std::size_t i = 0; i < writes; ++i) {
    add(Kind::update, tags_, i);
    add(Kind::remove, tags_, i);
  }
  std::vector<Kind> kinds;
  std::size_t operations = 0;
  for (const auto& command : commands_.in_order()) {
    kinds.push_back(command.kind);
    operations += command.writes.size();
    EXPECT_LE(command.writes.size(), 50000U);
  }
  EXPECT_EQ(kinds, (std::vector<Kind>{Kind::update, Kind::update, Kind::remove, Kind::remove}));
  EXPECT_EQ(operations, 2 * writes);
}

TEST_F(WriteCommandsTest, StayBelowTheServersLimitInBytes) {
  const std::string text(100000, 'x');
  for (std::size_t i = 0; i < 200; ++i) {
    commands_.add(Kind::insert, database_, tags_, i, false,
                  [&](bson::Builder& operation) { operation.append("text", text); });
  }
  std::size_t writes = 0;
  for (auto& command : commands_.in_order()) {
    EXPECT_LT(command.body.finish().size(), 9u << 20);
    writes += command.writes.size();
  }
  EXPECT_EQ(commands_.in_order().size(), 3U);
  EXPECT_EQ(writes, 200U);
}

}  // namespace
}  // namespace sluice::sinks
