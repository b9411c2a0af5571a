#include "cli/views/indented.hpp"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

TEST(Indented, GivesEachFieldALine) {
  EXPECT_EQ(indented(R"({ "a" : 1, "b" : { "c" : [ 1, "x" ], "d" : null } })"), R"({
  "a": 1,
  "b": {
    "c": [
      1,
      "x"
    ],
    "d": null
  }
})");
}

TEST(Indented, KeepsAValueOfExtendedJsonOnItsLine) {
  EXPECT_EQ(indented(R"({ "t" : { "$timestamp" : { "t" : 1, "i" : 2 } }, "e" : {  }, "l" : [  ] })"), R"({
  "t": {"$timestamp": {"t": 1, "i": 2}},
  "e": {},
  "l": []
})");
}

TEST(Indented, LeavesTextsAsTheyAre) {
  EXPECT_EQ(indented(R"({ "a{,:" : "x \" , : { } [ \\" })"), "{\n  \"a{,:\": \"x \\\" , : { } [ \\\\\"\n}");
}

TEST(Indented, EndsOnWhateverItIsGiven) {
  for (const char* text : {"", "{", "}", "\"", "{\"a", "[[[", "]]", "\"\\"}) EXPECT_NO_THROW(indented(text));
}

}  // namespace
}  // namespace sluice::cli
