#include "mongo/privileges.hpp"

#include <gtest/gtest.h>

#include "../bson/json.hpp"

namespace sluice::mongo {
namespace {

Privileges with(const std::string& privileges) {
  test::Store store;
  return Privileges::read(store.document(
      R"({"authInfo":{"authenticatedUsers":[{"user":"u","db":"admin"}],"authenticatedUserPrivileges":[)" +
      privileges + "]}}"));
}

TEST(Privileges, KnowWhoLoggedIn) {
  EXPECT_EQ(with("").user(), "u");
  EXPECT_EQ(with("").user_database(), "admin");
  EXPECT_FALSE(with("").anonymous());
  test::Store store;
  EXPECT_TRUE(Privileges::read(store.document(R"({"authInfo":{"authenticatedUsers":[]}})")).anonymous());
}

TEST(Privileges, OnADatabaseHoldForItsCollectionsAndForItAsAWhole) {
  const auto some = with(R"({"resource":{"db":"d","collection":""},"actions":["find","update"]})");
  EXPECT_TRUE(some.may("find", "d", ""));
  EXPECT_TRUE(some.may("update", "d", "c"));
  EXPECT_FALSE(some.may("remove", "d", "c"));
  EXPECT_FALSE(some.may("find", "e", "c"));
}

TEST(Privileges, OnACollectionDoNotHoldForTheDatabase) {
  const auto some = with(R"({"resource":{"db":"d","collection":"c"},"actions":["changeStream"]})");
  EXPECT_TRUE(some.may("changeStream", "d", "c"));
  EXPECT_FALSE(some.may("changeStream", "d", "other"));
  EXPECT_FALSE(some.may("changeStream", "d", ""));
}

TEST(Privileges, OnACollectionOfAnyDatabase) {
  const auto some = with(R"({"resource":{"db":"","collection":"c"},"actions":["find"]})");
  EXPECT_TRUE(some.may("find", "d", "c"));
  EXPECT_FALSE(some.may("find", "d", "e"));
}

TEST(Privileges, OnEverything) {
  for (const char* resource : {R"({"anyResource":true})", R"({"db":"","collection":""})"}) {
    const auto some = with(std::string("{\"resource\":") + resource + R"(,"actions":["find"]})");
    EXPECT_TRUE(some.may("find", "d", "c")) << resource;
    EXPECT_TRUE(some.may("find", "d", "")) << resource;
  }
}

TEST(Privileges, OnTheClusterAreNoneOnDatabases) {
  const auto some = with(R"({"resource":{"cluster":true},"actions":["find"]})");
  EXPECT_FALSE(some.may("find", "d", "c"));
}

TEST(Privileges, AddUp) {
  const auto some = with(
      R"({"resource":{"db":"d","collection":""},"actions":["find"]},
         {"resource":{"db":"d","collection":"c"},"actions":["remove"]})");
  EXPECT_TRUE(some.may("find", "d", "c"));
  EXPECT_TRUE(some.may("remove", "d", "c"));
  EXPECT_FALSE(some.may("remove", "d", "e"));
}

}  // namespace
}  // namespace sluice::mongo
