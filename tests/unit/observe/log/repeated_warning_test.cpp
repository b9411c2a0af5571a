#include "observe/log/repeated_warning.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

#include "observe/log/log.hpp"

namespace sluice::observe {
namespace {

using namespace std::chrono_literals;

class RepeatedWarningTest : public testing::Test {
 protected:
  /// What was said since the last call, without the times.
  std::string said() {
    std::string text;
    std::istringstream all(lines_.str());
    for (std::string line; std::getline(all, line);) text += line.substr(line.find(' ') + 1) + "\n";
    lines_.str("");
    return text;
  }
  static flow::Time at(flow::Duration time) { return flow::Time{} + 1000h + time; }

  std::ostringstream lines_;
  std::shared_ptr<spdlog::logger> logger_ =
      observe::make_logger("info", LogFormat::text, std::make_shared<spdlog::sinks::ostream_sink_mt>(lines_));
  RepeatedWarning place_{observe::StreamLog(*logger_, "shop", "shop"), "the checkpoint could not be stored"};
};

TEST_F(RepeatedWarningTest, TellsTheBeginningEachMinuteAndTheEnd) {
  const Error error{ErrorKind::transient, 91, "shutting down", false, false};
  place_.failed(error, at(0s));
  EXPECT_EQ(said(), "warning shop: the checkpoint could not be stored: shutting down (code 91); retrying\n");
  for (int i = 1; i <= 30; ++i) place_.failed(error, at(i * 1s));
  place_.tell_due(at(59s));
  EXPECT_EQ(said(), "");
  place_.tell_due(at(60s));
  EXPECT_EQ(said(),
            "warning shop: the checkpoint could not be stored: still failing, 30 attempts in the last 60 s; "
            "the last "
            "error: shutting down (code 91); retrying\n");
  EXPECT_TRUE(place_.failing());
  place_.succeeded(at(61s));
  EXPECT_EQ(said(), "info    shop: the checkpoint could not be stored: over after 61 s and 31 tries\n");
  EXPECT_FALSE(place_.failing());
}

TEST_F(RepeatedWarningTest, SaysThatWhatComesAndGoesWorksAtTheMoment) {
  for (int i = 0; i < 30; ++i) {
    place_.failed("busy", {}, at(i * 1s));
    place_.succeeded(at(i * 1s));
  }
  said();
  place_.tell_due(at(60s));
  EXPECT_EQ(said(),
            "warning shop: the checkpoint could not be stored: failed 26 more times in the last 60 s, now "
            "working; the last error: busy\n");
}

}  // namespace
}  // namespace sluice::observe
