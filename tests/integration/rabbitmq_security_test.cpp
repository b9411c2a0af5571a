#include <csignal>
#include <fstream>

#include "support/certificates.hpp"
#include "support/rabbit_fixture.hpp"

namespace sluice::test {
namespace {

using Flags = std::vector<std::string>;

/// A broker with users of its own, and TLS with client certificates.
class RabbitSecurity : public RabbitTest {
 protected:
  RabbitServer& rabbitmq() override {
    static RabbitServer own({.tls = "ssl_options.cacertfile = " + certificates().authority() +
                                    "\nssl_options.certfile = " + certificates().server() +
                                    "\nssl_options.keyfile = " + certificates().server() +
                                    "\nssl_options.verify = verify_peer\n"
                                    "ssl_options.fail_if_no_peer_cert = true"});
    return own;
  }
  static Certificates& certificates() {
    static Certificates all;
    return all;
  }
  bool waits_for(const std::string& why) {
    return soon([&] { return worker().get("/readyz").body.find(why) != std::string::npos; });
  }

  TemporaryDirectory secrets_;
};

TEST_F(RabbitSecurity, ByTlsWithACertificate) {
  declare();
  const std::string url = "amqps://guest:guest@127.0.0.1:" + std::to_string(rabbitmq().tls_port());
  start(rabbit_file(),
        {"--rabbitmq-url", url, "--rabbitmq-ca-file", certificates().authority(), "--rabbitmq-cert-file",
         certificates().client(), "--rabbitmq-key-file", certificates().client()})
      .ready();
  write_numbers(20, 5);
  db().insert("items", "{\"_id\":\"large\",\"n\":0,\"text\":\"" + std::string(2'000'000, 'x') + "\"}");
  EXPECT_TRUE(told_in_order());
}

TEST_F(RabbitSecurity, ABrokerThatIsNotTrustedIsTold) {
  const std::string url = "amqps://guest:guest@127.0.0.1:" + std::to_string(rabbitmq().tls_port());
  start(rabbit_file(), {"--rabbitmq-url", url});
  EXPECT_TRUE(worker().logs("TLS: ")) << worker().err();
}

/// Without a restart: the file with the new password is read for each connection.
TEST_F(RabbitSecurity, ANewPasswordIsReadFromItsFile) {
  declare();
  const std::string password = secrets_.write("password", "mistaken");
  Worker& worker =
      start(rabbit_file(), {"--rabbitmq-url", "amqp://guest@127.0.0.1:" + std::to_string(rabbitmq().port()),
                            "--rabbitmq-password-file", password});
  EXPECT_TRUE(worker.logs("refuses the log-in")) << worker.err();
  EXPECT_EQ(worker.err().find("mistaken"), std::string::npos) << worker.err();
  secrets_.write("password", "guest\n");
  worker.ready();
  db().insert("items", R"({"_id":1,"n":0})");
  EXPECT_TRUE(told_in_order());
}

/// The broker closes a revoked user's channel or connection, and refuses the next one.
TEST_F(RabbitSecurity, RevokedRightsAndUsersAreTold) {
  declare();
  rabbitmq().control({"add_user", "publisher", "word"});
  rabbitmq().control({"set_permissions", "publisher", "", ".*", ""});
  start(rabbit_file(), {"--rabbitmq-url", rabbitmq().url("publisher:word"), "--rabbitmq-ack-ms", "1000"})
      .ready();
  write_numbers(10, 2);
  ASSERT_TRUE(told_in_order());

  rabbitmq().control({"set_permissions", "publisher", "", "", ""});
  // The broker remembers for a while what a channel was allowed, so a new connection is made.
  rabbitmq().control({"close_all_user_connections", "publisher", "test"});
  db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  EXPECT_TRUE(waits_for("allow the user to write to the exchange")) << worker().get("/readyz").body;
  rabbitmq().control({"set_permissions", "publisher", "", ".*", ""});
  EXPECT_TRUE(told_in_order(100));

  rabbitmq().control({"delete_user", "publisher"});
  rabbitmq().control({"close_all_user_connections", "publisher", "test"});
  db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  EXPECT_TRUE(waits_for("refuses the log-in")) << worker().get("/readyz").body;
  rabbitmq().control({"add_user", "publisher", "word"});
  rabbitmq().control({"set_permissions", "publisher", "", ".*", ""});
  EXPECT_TRUE(told_in_order(200));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

/// With its exchange and its queue. The broker closes the connections to it, and refuses new ones.
TEST_F(RabbitSecurity, AVirtualHostThatIsDeletedIsWaitedFor) {
  const std::string vhost = db().database();
  const Rabbit::Login login{.vhost = vhost};
  const auto make_vhost = [&] {
    rabbitmq().control({"add_vhost", vhost});
    rabbitmq().control({"set_permissions", "-p", vhost, "guest", ".*", ".*", ".*"});
    Rabbit rabbit(rabbitmq().port(), login);
    rabbit.declare_queue(queue());
    rabbit.declare_exchange(exchange());
    rabbit.bind(queue(), exchange(), "#");
  };
  const auto arrives = [&](std::size_t count) {
    std::size_t seen = 0;
    return soon([&] {
      seen += Rabbit(rabbitmq().port(), login).take(queue()).size();
      return seen >= count;
    });
  };
  make_vhost();
  start(rabbit_file(), {"--rabbitmq-url", rabbitmq().url("guest:guest", vhost), "--rabbitmq-ack-ms", "1000"})
      .ready();
  write_numbers(10, 0);
  ASSERT_TRUE(arrives(10));
  rabbitmq().control({"delete_vhost", vhost});
  write_rounds(1);
  EXPECT_TRUE(waits_for("create the virtual host")) << worker().get("/readyz").body;
  worker().signal(SIGSTOP);  // it must not find the exchange before the queue is bound
  make_vhost();
  worker().signal(SIGCONT);
  EXPECT_TRUE(arrives(10)) << worker().story();
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

}  // namespace
}  // namespace sluice::test
