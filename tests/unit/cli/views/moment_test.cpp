#include "cli/views/moment.hpp"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

constexpr std::int64_t now = 1'800'000'000'000;
constexpr std::int64_t day = 24 * 3600 * 1000;

struct Case {
  const char* text;
  std::int64_t ms;
};

TEST(Moment, IsAMomentOfTheCalendar) {
  const std::vector<Case> cases = {
      {"1970-01-01", 0},
      {"1970-01-02", day},
      {"2026-11-21T10:54:16Z", 1795258456000},
      {"2026-11-21 10:54:16", 1795258456000},
      {"2026-11-21T10:54:16.25Z", 1795258456250},
      {"2026-11-21T12:54:16+02:00", 1795258456000},
      {"2026-11-21T12:54:16+0200", 1795258456000},
      {"2026-11-21T05:24:16-05:30", 1795258456000},
      {"2024-02-29T00:00", 1709164800000},
  };
  for (const Case& one : cases) EXPECT_EQ(parse_moment(one.text, now), one.ms) << one.text;
}

TEST(Moment, IsHowLongAgoItWas) {
  const std::vector<Case> cases = {
      {"90s", 90'000}, {"30m", 1'800'000}, {"2h", 7'200'000}, {"1d", day}, {"2w", 14 * day}, {"0s", 0},
  };
  for (const Case& one : cases) EXPECT_EQ(parse_moment(one.text, now), now - one.ms) << one.text;
}

TEST(Moment, IsNothingElse) {
  for (const char* text :
       {"", "yesterday", "h", "-2h", "2", "2x", "2hh", "1.5h", "99999999999h", "2026", "2026-13-01",
        "2026-02-30", "2026-11-21T", "2026-11-21T25:00", "2026-11-21T10:60", "2026-11-21T10:54:16Zz",
        "2026-11-21T10:54+2", "2026-11-21T10:54:16.Z", "26-1-1"}) {
    EXPECT_EQ(parse_moment(text, now), std::nullopt) << text;
  }
}

TEST(Moment, IsShownAsItWouldBeTyped) {
  EXPECT_EQ(moment_text(1795258456789), "2026-11-21 10:54:16Z");
  EXPECT_EQ(parse_moment(moment_text(1795258456789), now), 1795258456000);
}

}  // namespace
}  // namespace sluice::cli
