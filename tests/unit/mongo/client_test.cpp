#include "mongo/client.hpp"

#include <gtest/gtest.h>

#include "mongo/quiet.hpp"

namespace sluice::mongo {
namespace {

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
