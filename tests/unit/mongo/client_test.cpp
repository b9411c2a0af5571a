#include "mongo/client.hpp"

#include <gtest/gtest.h>

#include "mongo/quiet.hpp"

namespace sluice::mongo {
namespace {

std::string refusal(const std::string& uri) {
  quiet_driver();
  try {
    check_uri(uri);
  } catch (const Stop& stop) {
    return stop.what();
  }
  return "";
}

TEST(CheckUri, TakesWhatTheDriverCanRead) {
  EXPECT_EQ(refusal("mongodb://h1:1,h2:2/?replicaSet=rs0"), "");
  EXPECT_EQ(refusal("mongodb://user:p%40ss@h/?authSource=admin"), "");
  EXPECT_EQ(refusal("mongodb://h/?appName=a@b@c"), "") << "an @ in an option is none of a password";
}

TEST(CheckUri, RefusesWhatItCannot) {
  EXPECT_NE(refusal("mongodb://h:99999/"), "");
  EXPECT_NE(refusal("mongodb://h/?replicaSet="), "");
}

/// The driver would quote the one password, and look for a host of the other's name.
TEST(CheckUri, GivesNoPasswordAway) {
  for (const char* uri : {"mongodb://u:sec:ret@h/", "mongodb://u:top@secret@h/", "mongodb://u:sec%ret@h/",
                          "mongodb://u:sec/ret@h/", "mongodb://u:secret"}) {
    const std::string why = refusal(uri);
    EXPECT_NE(why, "") << uri;
    EXPECT_EQ(why.find("ret"), std::string::npos) << why;
  }
}

TEST(ClientPool, NamesItsHostsWithoutCredentials) {
  StreamConfig stream;
  stream.uri = "mongodb://user:secret@one:1,two:2/?replicaSet=rs0";
  const ClientPool pool(stream, 1, "test");
  EXPECT_EQ(pool.hosts(), "one:1,two:2");
}

StreamConfig stream(const std::string& uri) {
  StreamConfig config;
  config.uri = uri;
  return config;
}

/// A pool that is used up answers within waitQueueTimeoutMS, and not with a client that is none.
TEST(ClientPool, WithoutAFreeClientInTimeIsATransientError) {
  const Driver driver;
  ClientPool pool(stream("mongodb://127.0.0.1:1/?waitQueueTimeoutMS=1"), 1, "test");
  const auto only = pool.acquire();
  ASSERT_NE(only.get(), nullptr);
  EXPECT_THROW(pool.acquire(), NoClient);
  const auto error = or_error([&]() -> std::optional<Error> {
    pool.acquire();
    return std::nullopt;
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::transient);
  EXPECT_NE(error->message.find("waitQueueTimeoutMS"), std::string::npos) << error->message;
}

/// A name server may take its time, and whoever makes a pool may be on a strand.
TEST(ClientPool, AsksNoNameServerWhenItIsMade) {
  quiet_driver();
  ClientPool pool(stream("mongodb+srv://db.no-such-host.invalid/"), 1, "test");
  EXPECT_EQ(pool.hosts(), "db.no-such-host.invalid");
}

}  // namespace
}  // namespace sluice::mongo
