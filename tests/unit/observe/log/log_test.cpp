#include "observe/log/log.hpp"

#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

#include "config/options/options.hpp"

namespace sluice::observe {
namespace {

/// The line with every digit shown as 9, so that times can be compared.
std::string shape(std::string text) {
  for (char& c : text) {
    if (c >= '0' && c <= '9') c = '9';
  }
  return text;
}

struct Captured {
  std::ostringstream lines;
  std::shared_ptr<spdlog::logger> logger;

  Captured(std::string_view level, LogFormat format)
      : logger(make_logger(level, format, std::make_shared<spdlog::sinks::ostream_sink_mt>(lines))) {}
};

TEST(Log, WritesTextForPeople) {
  Captured captured("info", LogFormat::text);
  captured.logger->warn("stream {}: {}", "conduit", "late");
  EXPECT_EQ(shape(captured.lines.str()), "9999-99-99T99:99:99.999Z warning stream conduit: late\n");
}

TEST(Log, AMessageIsOneLineOfPrintableTextWhateverADocumentHolds) {
  Captured captured("info", LogFormat::text);
  const std::string value =
      std::string("a\n2026-01-01T00:00:00.000Z error forged\r\x1b[2J\x7f\xc2\x9b\xff") + '\0';
  captured.logger->warn("value {}", value);
  captured.logger->info("caf\u00e9 \\d");
  EXPECT_EQ(shape(captured.lines.str()),
            shape("9999-99-99T99:99:99.999Z warning value a\\n2026-01-01T00:00:00.000Z error forged\\r"
                  "\\x1b[2J\\x7f\\u009b\\xff\\x00\n"
                  "9999-99-99T99:99:99.999Z info    caf\u00e9 \\d\n"));
}

TEST(Log, WritesOneJsonObjectPerLine) {
  Captured captured("info", LogFormat::json);
  captured.logger->error("a \"quoted\"\nsecond line \xff");
  captured.logger->info("two");
  const std::string time = R"({"time":"9999-99-99T99:99:99.999Z",)";
  EXPECT_EQ(shape(captured.lines.str()),
            time + R"("level":"error","message":"a \"quoted\"\nsecond line )" + "\uFFFD\"}\n" +  //
                time + R"("level":"info","message":"two"})" + "\n");
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
