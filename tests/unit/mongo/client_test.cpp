#include "mongo/client.hpp"

#include <gtest/gtest.h>

#include "mongo/quiet.hpp"
#include "unit/refusal.hpp"

namespace sluice::mongo {
namespace {

std::string refusal(const std::string& uri) {
  quiet_driver();
  return test::refusal_of<Stop>([&] { check_uri(uri); });
}

TEST(CheckUri, TakesWhatTheDriverCanRead) {
  EXPECT_EQ(refusal("mongodb://h1:1,h2:2/?replicaSet=rs0"), "");
  EXPECT_EQ(refusal("mongodb://user:p%40ss@h/?authSource=admin"), "");
  EXPECT_EQ(refusal("mongodb://h/?appName=a@b@c"), "") << "an @ in an option is none of a password";
}

TEST(CheckUri, RefusesWhatItCannot) {
  EXPECT_NE(refusal("mongodb://h:99999/"), "");
  EXPECT_NE(refusal("mongodb://h/?replicaSet="), "");
  const std::string typo = refusal("mongodb://127.0.0.1:27o17");  // the driver would take port 27
  EXPECT_NE(typo.find("the port '27o17' of '127.0.0.1' must be"), std::string::npos) << typo;
}

TEST(CheckUri, RefusesOptionsThatNobodyKnows) {
  const std::string start = "the MongoDB URI cannot be used: unknown option ";
  const std::string end = "; it looks like mongodb://user:password@host:port/?replicaSet=name";
  EXPECT_EQ(refusal("mongodb://h/?replicSet=rs0"), start + "'replicSet'; did you mean 'replicaSet'?" + end);
  EXPECT_EQ(refusal("mongodb://u:p@h/d?tls=true&authSorce=admin"),
            start + "'authSorce'; did you mean 'authSource'?" + end);
  EXPECT_EQ(refusal("mongodb://h/?quite=other"), start + "'quite'" + end);
  EXPECT_EQ(
      refusal("mongodb://u:p@h/?authSource=admin&w=majority&readPreference=primary&wTimeoutMS=1&tls=true&"
              "maxPoolSize=3&uuidRepresentation=standard&retryWrites=true&readConcernLevel=majority&"
              "compressors=zlib&connectTimeoutMS=1&socketTimeoutMS=1&journal=true&heartbeatFrequencyMS=600&"
              "directConnection=true&appName=x&authMechanism=SCRAM-SHA-256"),
      "");
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
