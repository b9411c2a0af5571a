#include <fstream>

#include "support/certificates.hpp"
#include "support/kafka_fixture.hpp"

namespace sluice::test {
namespace {

using Flags = std::vector<std::string>;

/// A broker that wants TLS and a password.
class KafkaSecurity : public KafkaTest {
 protected:
  KafkaServer& kafka() override {
    if (!own_) {
      own_ = std::make_unique<KafkaServer>(
          KafkaServer::Options{.settings = settings("word") + more_settings(), .protocol = "SASL_SSL"});
      own_->wait();
    }
    return *own_;
  }
  static std::string settings(const std::string& password) {
    return "sasl.enabled.mechanisms=PLAIN\nlistener.name.client.plain.sasl.jaas.config="
           "org.apache.kafka.common.security.plain.PlainLoginModule required user_sluice=\"" +
           password + "\";\nssl.keystore.type=PEM\nssl.keystore.location=" + certificates().server() +
           "\nssl.truststore.type=PEM\nssl.truststore.location=" + certificates().authority() +
           "\nssl.client.auth=required\n";
  }
  virtual std::string more_settings() const { return ""; }
  static Certificates& certificates() {
    static Certificates all;
    return all;
  }
  static Flags login(const std::string& password_file, const std::string& mechanism = "PLAIN") {
    return {"--kafka-user",          "sluice",
            "--kafka-mechanism",     mechanism,
            "--kafka-ca-file",       certificates().authority(),
            "--kafka-cert-file",     certificates().client(),
            "--kafka-key-file",      certificates().client(),
            "--kafka-password-file", password_file};
  }
  /// A member that counts the items of the owner "a", and reads them from a relay.
  Worker& start_relayed(const Flags& flags) {
    db().insert("owners", R"({"_id":"a","n":0})");
    return start_member(relayed_file(), 2, relayed(flags));
  }
  std::string relayed_file() const {
    return file("  - name: count\n    count: { from: items, reference: owner, into: owners, field: n }\n");
  }
  Flags relayed(Flags flags) {
    for (const std::string& flag : {"--kafka-brokers=" + brokers(), "--relay-topic=" + db().database(),
                                    std::string("--relay-partitions=2")})
      flags.push_back(flag);
    return flags;
  }
  Kafka inside() { return Kafka(kafka().internal()); }

  TemporaryDirectory secrets_;

 private:
  std::unique_ptr<KafkaServer> own_;
};

TEST_F(KafkaSecurity, ByTlsAndPassword) {
  start_kafka(kafka_file({"create: true"}), login(secrets_.write("password", "word\n"))).ready();
  db().insert("items", R"({"_id":1,"n":0})");
  EXPECT_TRUE(soon([&] { return inside().count(topic()) == 1; })) << worker().story();
}

/// Without a restart: the file with the new password is read as soon as the old one is refused.
TEST_F(KafkaSecurity, ANewPasswordIsReadFromItsFile) {
  const std::string password = secrets_.write("password", "wrong");
  Worker& worker = start_kafka(kafka_file({"create: true"}), login(password));
  EXPECT_TRUE(worker.logs("check user, password and mechanism")) << worker.story();
  EXPECT_EQ(worker.err().find("wrong"), std::string::npos) << worker.err();
  secrets_.write("password", "word");
  worker.ready();
  db().insert("items", R"({"_id":1,"n":0})");
  EXPECT_TRUE(soon([&] { return metric("sluice_events_published_total") == 1; })) << worker.story();
  // The password is changed while messages come.
  kafka().kill9();
  kafka().restart(settings("other"));
  db().insert("items", R"({"_id":2,"n":0})");
  EXPECT_TRUE(soon([&] { return worker.get("/readyz").body.find("password") != std::string::npos; }))
      << worker.get("/readyz").body;
  secrets_.write("password", "other");
  EXPECT_TRUE(soon([&] { return inside().count(topic()) == 2; })) << worker.story();
}

/// The relay's readers and its writer have connections of their own.
TEST_F(KafkaSecurity, ARelayReadsANewPasswordFromItsFile) {
  const std::string password = secrets_.write("password", "wrong");
  Worker& worker = start_relayed(login(password));
  EXPECT_TRUE(worker.logs("check user, password and mechanism")) << worker.story();
  secrets_.write("password", "word");
  ASSERT_TRUE(soon([&] { return metric("sluice_relay_writer") == 1; }, std::chrono::minutes(1)))
      << worker.story();
  worker.ready();
  db().insert("items", R"({"_id":1,"owner":"a"})");
  EXPECT_TRUE(becomes("owners", R"("a")", R"({"_id":"a","n":1})")) << worker.story();
  // The password is changed while it runs.
  kafka().kill9();
  kafka().restart(settings("other"));
  db().insert("items", R"({"_id":2,"owner":"a"})");
  EXPECT_TRUE(soon([&] { return worker.get("/readyz").body.find("password") != std::string::npos; },
                   std::chrono::minutes(1)))
      << worker.get("/readyz").body;
  secrets_.write("password", "other");
  EXPECT_TRUE(becomes("owners", R"("a")", R"({"_id":"a","n":2})")) << worker.story();
}

/// A broker that knows users only by SCRAM.
class KafkaScram : public KafkaSecurity {
 protected:
  std::string more_settings() const override {
    return "sasl.enabled.mechanisms=SCRAM-SHA-512\nlistener.name.client.scram-sha-512.sasl.jaas.config="
           "org.apache.kafka.common.security.scram.ScramLoginModule required;\n";
  }
};

TEST_F(KafkaScram, ARelayLogsIn) {
  kafka().add_user("sluice", "word");
  Worker& worker = start_relayed(login(secrets_.write("password", "word"), "SCRAM-SHA-512")).ready();
  if (rd_kafka_version() < 0x020601ff) {  // it repeats the nonce, which Kafka 4 refuses
    EXPECT_TRUE(worker.logs("Kafka 4 accepts SCRAM from librdkafka 2.6.1 on")) << worker.story();
    return;
  }
  db().insert("items", R"({"_id":1,"owner":"a"})");
  EXPECT_TRUE(becomes("owners", R"("a")", R"({"_id":"a","n":1})")) << worker.story();
}

/// A broker that grants each right explicitly. Its own listener's clients may do everything.
class KafkaRights : public KafkaSecurity {
 protected:
  std::string more_settings() const override {
    return "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
           "super.users=User:ANONYMOUS\n";
  }
};

TEST_F(KafkaRights, RightsThatAreRevokedAreWaitedFor) {
  inside().create_topic(topic(), 2);
  inside().allow("sluice", db().database());
  start_kafka(kafka_file(), login(secrets_.write("password", "word"))).ready();
  db().insert("items", R"({"_id":1,"n":0})");
  ASSERT_TRUE(soon([&] { return inside().count(topic()) == 1; })) << worker().story();
  inside().revoke("sluice", db().database());
  db().insert("items", R"({"_id":2,"n":0})");
  EXPECT_TRUE(soon([&] { return worker().get("/readyz").body.find("allow the user") != std::string::npos; }))
      << worker().get("/readyz").body;
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  inside().allow("sluice", db().database());
  EXPECT_TRUE(soon([&] { return inside().count(topic()) == 2; })) << worker().story();
  EXPECT_TRUE(soon([&] { return worker().well(); }));
}

/// Everything is allowed but what some user was given a right to.
class KafkaGroupRights : public KafkaRights {
 protected:
  std::string more_settings() const override {
    return KafkaRights::more_settings() + "allow.everyone.if.no.acl.found=true\n";
  }
  std::string checked(const Flags& flags) {
    Flags all = relayed(flags);
    all.emplace_back("--partitions=2");
    const Outcome outcome = run_sluice(here_run({"check", relayed_file(), "--online"}, all));
    return outcome.out + outcome.err;
  }
  void allow(const std::string& user, rd_kafka_AclOperation_t operation) {
    inside().allow_group(user, db().database(), operation);
  }
};

TEST_F(KafkaGroupRights, AMemberThatMayNotJoinItsGroupWaitsForTheRight) {
  allow("somebody", RD_KAFKA_ACL_OPERATION_READ);
  const Flags flags = login(secrets_.write("password", "word"));
  Worker& worker = start_relayed(flags);
  const std::string advice = "allow the user to read and describe the consumer group";
  EXPECT_TRUE(worker.logs(advice)) << worker.story();
  EXPECT_TRUE(soon([&] {
    const auto reply = worker.get("/readyz");
    return reply.status == 503 && reply.body.find(advice) != std::string::npos;
  })) << worker.get("/readyz").body;
  EXPECT_NE(checked(flags).find(advice), std::string::npos) << checked(flags);

  allow("sluice", RD_KAFKA_ACL_OPERATION_DESCRIBE);
  EXPECT_TRUE(soon([&] { return worker.get("/readyz").body.find("JoinGroup failed") != std::string::npos; }))
      << worker.get("/readyz").body;
  db().insert("items", R"({"_id":1,"owner":"a"})");

  allow("sluice", RD_KAFKA_ACL_OPERATION_READ);
  EXPECT_TRUE(becomes("owners", R"("a")", R"({"_id":"a","n":1})")) << worker.story();
  EXPECT_TRUE(soon([&] { return worker.get("/readyz").status == 200; })) << worker.get("/readyz").body;
  EXPECT_NE(checked(flags).find("the consumer group " + db().database() + " assigns them"), std::string::npos)
      << checked(flags);
}

TEST_F(KafkaSecurity, WithoutALogInNothingIsSent) {
  Worker& worker = start_kafka(kafka_file({"create: true"}),
                               {"--kafka-ca-file", certificates().authority(), "--kafka-ack-ms", "1000"});
  EXPECT_TRUE(worker.logs("cannot be reached")) << worker.story();
  EXPECT_EQ(worker.terminate(), 0);
}

}  // namespace
}  // namespace sluice::test
