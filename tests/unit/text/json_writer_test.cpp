#include "text/json_writer.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace sluice::text {
namespace {

TEST(JsonWriter, WritesObjectsAndArraysWithinEachOther) {
  JsonWriter json;
  json.open_object().text("a", "x\"").open_array("list");
  json.open_object().integer("i", -1).close_object().open_object().close_object();
  json.close_array().open_array("none").close_array().boolean("yes", true).null("nothing").close_object();
  EXPECT_EQ(json.json(), R"({"a":"x\"","list":[{"i":-1},{}],"none":[],"yes":true,"nothing":null})");
}

TEST(JsonWriter, SeparatesWhatFollowsATextThatEndsInABracket) {
  JsonWriter json;
  json.open_object().text("a", "{").text("b", "[").close_object();
  EXPECT_EQ(json.json(), R"({"a":"{","b":"["})");
}

TEST(JsonWriter, WritesNumbersSoThatTheyComeBackTheSame) {
  for (const double number : {0.0, 0.1, -2.5, 1e300, 1'234'567.0, 1e-7}) {
    JsonWriter json;
    json.number("", number);
    EXPECT_EQ(std::stod(json.json()), number) << json.json();
  }
}

TEST(JsonWriter, HasNoWordForWhatIsNoNumber) {
  JsonWriter json;
  json.open_object().number("a", std::numeric_limits<double>::quiet_NaN());
  json.number("b", std::numeric_limits<double>::infinity()).close_object();
  EXPECT_EQ(json.json(), R"({"a":null,"b":null})");
}

}  // namespace
}  // namespace sluice::text
