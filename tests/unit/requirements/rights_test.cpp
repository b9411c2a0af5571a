#include "requirements/rights.hpp"

#include <gtest/gtest.h>

#include "../bson/json.hpp"

namespace sluice::requirements {
namespace {

Rights reader_of_d() {
  test::Store store;
  return Rights(mongo::Privileges::read(store.document(
      R"({"authInfo":{"authenticatedUsers":[{"user":"u","db":"admin"}],"authenticatedUserPrivileges":[
          {"resource":{"db":"d","collection":""},"actions":["find"]}]}})")));
}

TEST(Rights, NothingIsMissingWhereAllIsAllowed) {
  EXPECT_EQ(reader_of_d().missing("d", {{"c", {"find"}}, {"", {"find"}}}), std::nullopt);
  EXPECT_EQ(Rights::unlimited().missing("d", {{"c", {"find", "collMod"}}}), std::nullopt);
}

TEST(Rights, WhatIsMissingIsNamedOnceWithAllItsPlaces) {
  EXPECT_EQ(
      reader_of_d().missing("d", {{"a", {"find", "update"}}, {"b", {"update", "remove"}}}),
      "the user u@admin lacks update, remove on d.a, d.b; grant it: "
      "db.getSiblingDB(\"admin\").grantRolesToUser(\"u\", [{role: \"readWrite\", db: \"d\"}]) or a role "
      "of your own with these actions");
}

TEST(Rights, TheRoleToGrantIsTheSmallestBuiltInOne) {
  const auto asks_for = [](const std::string& action) {
    return reader_of_d().missing("e", {{"", {action}}}).value_or("");
  };
  EXPECT_NE(asks_for("changeStream").find("[{role: \"read\", db: \"e\"}]"), std::string::npos);
  EXPECT_NE(asks_for("insert").find("[{role: \"readWrite\", db: \"e\"}]"), std::string::npos);
  EXPECT_NE(asks_for("collMod").find("[{role: \"dbAdmin\", db: \"e\"}]"), std::string::npos);
  EXPECT_NE(asks_for("find").find("on the database e;"), std::string::npos);
}

}  // namespace
}  // namespace sluice::requirements
