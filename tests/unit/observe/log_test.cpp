#include "observe/log.hpp"

#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <regex>
#include <sstream>

#include "config/options.hpp"

namespace sluice::observe {
namespace {

struct Captured {
  std::ostringstream lines;
  std::shared_ptr<spdlog::logger> logger;

  Captured(std::string_view level, LogFormat format)
      : logger(make_logger(level, format, std::make_shared<spdlog::sinks::ostream_sink_mt>(lines))) {}
};

TEST(Log, WritesTextForPeople) {
  Captured captured("info", LogFormat::text);
  captured.logger->warn("stream {}: {}", "conduit", "late");
  EXPECT_TRUE(std::regex_match(
      captured.lines.str(),
      std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning stream conduit: late\n)")))
      << captured.lines.str();
}

TEST(Log, WritesOneJsonObjectPerLine) {
  Captured captured("info", LogFormat::json);
  captured.logger->error("a \"quoted\"\nsecond line \xff");
  captured.logger->info("two");
  const std::string time = R"(\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",)";
  EXPECT_TRUE(
      std::regex_match(captured.lines.str(),
                       std::regex(time + R"("level":"error","message":"a \\"quoted\\"\\nsecond line )" +
                                  "\uFFFD" + R"("\}\n)" + time + R"("level":"info","message":"two"\}\n)")))
      << captured.lines.str();
}

TEST(Log, KeepsTheLevel) {
  Captured captured("warn", LogFormat::text);
  captured.logger->info("unseen");
  EXPECT_EQ(captured.lines.str(), "");
  captured.logger->warn("seen");
  EXPECT_NE(captured.lines.str(), "");
}

TEST(Log, OffIsSilent) {
  Captured captured("off", LogFormat::text);
  captured.logger->critical("unseen");
  EXPECT_EQ(captured.lines.str(), "");
}

TEST(Log, KnowsEveryLevelOfTheOption) {
  spdlog::level::level_enum last = spdlog::level::trace;
  for (const auto& level : config::option("log-level").choices) {
    const auto logger = make_logger(level, LogFormat::text);
    EXPECT_GE(logger->level(), last) << level;
    last = logger->level();
  }
  EXPECT_EQ(last, spdlog::level::off);
}

}  // namespace
}  // namespace sluice::observe
