#include "rules/shared/joined_texts.hpp"

#include <gtest/gtest.h>

#include "bson/raii.hpp"

namespace sluice::rules {
namespace {

/// What becomes of `v` of the document.
std::string joined(const std::string& json, const std::vector<std::vector<std::string>>& places) {
  bson::Document document;
  bson_error_t error;
  EXPECT_TRUE(bson_init_from_json(document.out(), json.data(), static_cast<ssize_t>(json.size()), &error))
      << error.message;
  Arena arena;
  const bson::Value made = with_texts_joined(bson::View(*document.get()).at("v"), places, arena);
  return made.is_document() || made.is_array() ? made.document().json() : std::string(made.text());
}

constexpr const char* uuid = R"({"$binary":{"base64":"ABEiM0RVZneImaq7zN3u/w==","subType":"04"}})";

TEST(JoinedTexts, AreOfAllParts) {
  EXPECT_EQ(joined(R"({"v":["inv-",)" + std::string(uuid) + R"(,null,[1],{"a":0.5}]})", {{}}),
            R"(inv-00112233-4455-6677-8899-aabbccddeeff[1]{"a":0.5})");
}

TEST(JoinedTexts, LeaveWhatTheServerMade) {
  EXPECT_EQ(joined(R"({"v":"text"})", {{}}), "text");
  EXPECT_EQ(joined(R"({"v":{"a":"text","b":[1]}})", {{"a"}}), R"({ "a" : "text", "b" : [ 1 ] })");
}

TEST(JoinedTexts, AreFoundInDocumentsAndLists) {
  EXPECT_EQ(
      joined(R"({"v":{"a":{"b":["x",[1]],"c":["x",[1]]},"l":[["y",[2]],3]}})", {{"a", "b"}, {"l", "0"}}),
      R"({ "a" : { "b" : "x[1]", "c" : [ "x", [ 1 ] ] }, "l" : [ "y[2]", 3 ] })");
  EXPECT_EQ(joined(R"({"v":[["x",[1]],2]})", {{"0"}}), R"({ "0" : "x[1]", "1" : 2 })");
}

}  // namespace
}  // namespace sluice::rules
