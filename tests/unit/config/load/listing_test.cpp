#include <gtest/gtest.h>

#include <algorithm>

#include "unit/config/load_support.hpp"

namespace sluice::config {
namespace {

TEST(Load, MasksSecretsInTheListing) {
  const Loaded loaded = loaded_of(kSmall);
  EXPECT_EQ(listed(loaded, "streams.conduit.uri").value, "mongodb://me:***@h/?replicaSet=rs0");
  EXPECT_EQ(effective_text(loaded.effective).find("secret"), std::string::npos);
}

TEST(Load, ListsEveryValueOnALine) {
  const Loaded loaded = loaded_of(kSmall);
  const std::string text = effective_text(loaded.effective);
  EXPECT_NE(text.find("\nengine.lanes: 4 "), std::string::npos);
  EXPECT_NE(text.find("  # default\n"), std::string::npos);
  EXPECT_NE(text.find("streams.conduit.rules.tag-tally: tally"), std::string::npos);
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), loaded.effective.size());
}

TEST(PlaceArguments, AreReadyForAShell) {
  EXPECT_EQ(place_arguments("w.yaml", {}), "w.yaml");
  EXPECT_EQ(place_arguments("my file's.yaml", {{"lanes", "3"}, {"state-database", "st"}}),
            "'my file'\\''s.yaml' --state-database st")
      << "of the flags those that say where things are";
  EXPECT_EQ(place_arguments("w.yaml", {{"mongodb-uri", "mongodb://h/?a=1&b=2"}}),
            "w.yaml --mongodb-uri 'mongodb://h/?a=1&b=2'");
  EXPECT_EQ(place_arguments("w.yaml", {{"mongodb-uri", "mongodb://ann:pw@h/"}}),
            "w.yaml --mongodb-uri \"$MONGODB_URI\"")
      << "and no secret";
}

}  // namespace
}  // namespace sluice::config
