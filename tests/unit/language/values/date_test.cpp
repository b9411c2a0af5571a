#include "language/values/date.hpp"

#include <gtest/gtest.h>

namespace sluice::language {
namespace {

TEST(Date, IsReadInUtcUnlessAZoneIsStated) {
  EXPECT_EQ(date_of("1970-01-01"), 0);
  EXPECT_EQ(date_of("1969-12-31T23:59:59Z"), -1000);
  EXPECT_EQ(date_of("2026-03-01T12:30"), 1772368200000);
  EXPECT_EQ(date_of("2026-03-01 12:30:05.25Z"), 1772368205250);
  EXPECT_EQ(date_of("2026-03-01T12:30+02:00"), 1772361000000);
  EXPECT_EQ(date_of("2026-03-01T12:30-00:30"), 1772370000000);
  EXPECT_EQ(date_of("2024-02-29"), 1709164800000);
}

TEST(Date, IsNothingElse) {
  for (const char* text :
       {"", "2026", "2026-3-1", "2026-02-29", "2026-13-01", "2026-03-01T", "2026-03-01T25:00",
        "2026-03-01T12:30:", "2026-03-01T12:30:05.", "2026-03-01T12:30+2", "2026-03-01x",
        "2026-03-01T12:30Zx", "-026-03-01", "2026-03-00"}) {
    EXPECT_EQ(date_of(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace sluice::language
