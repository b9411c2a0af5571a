#include <gtest/gtest.h>
#include <malloc.h>

#include "sinks/jetstream/connection.hpp"
#include "support/nats_server.hpp"
#include "support/test_thread.hpp"

namespace sluice::test {
namespace {

using sinks::jetstream::Connection;
using sinks::jetstream::Msg;
using sinks::jetstream::Subscription;

/// Subscriptions that end while messages for them arrive. Freed memory is overwritten meanwhile, so that the
/// program ends if the library uses a subscription after it is freed.
class NatsSubscriptions : public testing::Test {
 protected:
  NatsSubscriptions() { mallopt(M_PERTURB, 0x5a); }
  ~NatsSubscriptions() override { mallopt(M_PERTURB, 0); }

  std::shared_ptr<Connection> connect() {
    NatsConfig config;
    config.url = server_.url();
    auto opened = Connection::open(config);
    return std::get<std::shared_ptr<Connection>>(std::move(opened));
  }

  /// Publishes until told to stop.
  std::jthread flood() {
    return test_thread([connection = connect()](const std::stop_token& stop) {
      const std::string message(64 << 10, 'x');
      while (!stop.stop_requested()) {
        const auto size = static_cast<int>(message.size());
        ASSERT_EQ(natsConnection_Publish(connection->get(), "flood", message.data(), size), NATS_OK);
      }
    });
  }

  static Subscription subscribe(const std::shared_ptr<Connection>& connection) {
    natsSubscription* made = nullptr;
    EXPECT_EQ(natsConnection_SubscribeSync(&made, connection->get(), "flood"), NATS_OK);
    return {connection, made};
  }
  static bool receives(const Subscription& subscription) {
    natsMsg* got = nullptr;
    const natsStatus status = natsSubscription_NextMsg(&got, subscription.get(), 10'000);
    const Msg owned(got);
    return status == NATS_OK;
  }

  NatsServer server_;
};

TEST_F(NatsSubscriptions, MayEndWhileMessagesArrive) {
  const auto connection = connect();
  const std::jthread flooding = flood();
  for (int i = 0; i < 1000; ++i) {
    const Subscription subscription = subscribe(connection);
    ASSERT_TRUE(receives(subscription)) << i;
  }
}

TEST_F(NatsSubscriptions, MayEndWhileTheServerDoesNotAnswer) {
  const auto connection = connect();
  {
    const Subscription first = subscribe(connection);
    const Subscription second = subscribe(connection);
    server_.stop();
  }
  server_.cont();
  const std::jthread flooding = flood();
  EXPECT_TRUE(receives(subscribe(connection)));
}

}  // namespace
}  // namespace sluice::test
