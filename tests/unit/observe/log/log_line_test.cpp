#include "observe/log/log_line.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

#include "observe/log/log.hpp"
#include "observe/log/log_queue.hpp"

namespace sluice::observe {
namespace {

class LogLine : public testing::Test {
 protected:
  std::shared_ptr<spdlog::logger> logger(LogFormat format, std::string_view level = "info") {
    return make_logger(level, format, std::make_shared<spdlog::sinks::ostream_sink_mt>(lines_));
  }
  /// Behind the time.
  std::string said() const { return lines_.str().substr(lines_.str().find(",\"level")); }

  std::ostringstream lines_;
};

TEST_F(LogLine, HasItsFieldsInJson) {
  const auto json = logger(LogFormat::json);
  LogFields fields = LogFields::of({ErrorKind::unavailable, 91, "away"});
  fields.rule = "order-events";
  fields.lane = 3;
  fields.document = "shop.orders {\"_id\": 7}";
  StreamLog(*json, "shop partition 2", "shop", 2).warn(fields, "{} waits", 12);
  EXPECT_EQ(said(),
            ",\"level\":\"warning\",\"message\":\"shop partition 2: 12 waits\",\"stream\":\"shop\","
            "\"partition\":2,\"lane\":3,\"rule\":\"order-events\","
            "\"document\":\"shop.orders {\\\"_id\\\": 7}\",\"code\":91}\n");
}

TEST_F(LogLine, LeavesOutWhatIsNotKnown) {
  const auto json = logger(LogFormat::json);
  StreamLog(*json, "shop", "shop").info("streaming");
  StreamLog(*json, "").error("no stream");
  const std::string all = lines_.str();
  EXPECT_NE(all.find(R"("message":"shop: streaming","stream":"shop"})"), std::string::npos) << all;
  EXPECT_NE(all.find(R"("level":"error","message":"no stream"})"), std::string::npos) << all;
}

TEST_F(LogLine, IsTheMessageAloneAsText) {
  const auto text = logger(LogFormat::text);
  LogFields fields;
  fields.rule = "order-events";
  fields.code = 91;
  StreamLog(*text, "shop", "shop").error(fields, "away");
  EXPECT_NE(lines_.str().find(" error   shop: away\n"), std::string::npos) << lines_.str();
  EXPECT_EQ(lines_.str().find("order-events"), std::string::npos);
}

TEST_F(LogLine, AMessageCannotMakeUpFields) {
  const auto json = logger(LogFormat::json);
  StreamLog(*json, "shop", "shop").warn("a\",\"stream\":\"other\",\"x\":\"\n,\"lane\":1");
  EXPECT_NE(said().find(R"(:\"other\",\"x\":\"\n,\"lane\":1","stream":"shop"})"), std::string::npos)
      << said();
}

TEST_F(LogLine, KeepsTheLevel) {
  const auto json = logger(LogFormat::json, "error");
  const StreamLog log(*json, "shop", "shop");
  log.warn("unseen");
  log.log(spdlog::level::info, {}, "unseen");
  EXPECT_EQ(lines_.str(), "");
  log.error("seen");
  EXPECT_NE(lines_.str(), "");
}

TEST_F(LogLine, KeepsItsFieldsThroughTheQueue) {
  auto queue = std::make_shared<LogQueue>(std::make_shared<spdlog::sinks::ostream_sink_mt>(lines_));
  const auto json = make_logger("info", LogFormat::json, queue);
  {
    const std::string stream = "shop";
    LogFields fields;
    fields.rule = std::string_view(stream).substr(0, 2);
    StreamLog(*json, stream, stream).warn(fields, "late");
  }
  ASSERT_TRUE(queue->drain(std::chrono::seconds(20)));
  EXPECT_NE(said().find(R"("message":"shop: late","stream":"shop","rule":"sh"})"), std::string::npos)
      << said();
}

}  // namespace
}  // namespace sluice::observe
