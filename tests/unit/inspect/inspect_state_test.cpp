#include "inspect/inspect_state.hpp"

#include <gtest/gtest.h>

namespace sluice::inspect {
namespace {

TEST(SpanText, UsesTheUnitThatAPersonWould) {
  EXPECT_EQ(span_text(0), "0 s");
  EXPECT_EQ(span_text(119), "119 s");
  EXPECT_EQ(span_text(150), "2.5 min");
  EXPECT_EQ(span_text(3 * 3600), "3.0 h");
  EXPECT_EQ(span_text(3 * 86400), "3.0 d");
}

}  // namespace
}  // namespace sluice::inspect
