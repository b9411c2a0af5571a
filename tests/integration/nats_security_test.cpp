#include "support/fixture.hpp"
#include "support/nats_server.hpp"
#include "support/nkeys.hpp"
#include "support/own_server.hpp"
#include "support/tls.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

using Flags = std::vector<std::string>;

/// Workers that have to log in to NATS. That messages are published is known by JetStream's acknowledgements.
class NatsSecurity : public PipelineTest {
 protected:
  NatsSecurity() : NatsSecurity(shared_server()) {}
  explicit NatsSecurity(ReplicaSet& server) : PipelineTest(server) {}

  std::string rules() const { return file("  - name: out\n    publish: { from: items, stream: ITEMS }\n"); }

  static Flags at(const std::string& url, const Flags& more) {
    Flags flags = {"--nats-url", url};
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  }

  /// A worker with these flags gets through, and says nothing of `secret`.
  void expect_published(const std::string& url, const Flags& more, const std::string& secret) {
    Worker& worker = start(rules(), at(url, more)).ready();
    db().insert("items", R"({"n":1})");
    EXPECT_TRUE(soon([&] { return metric("sluice_events_published_total") >= 1; })) << worker.story();
    EXPECT_EQ(worker.terminate(), 0);
    expect_unsaid(worker, secret);
    expect_unshown(url, more, secret);
  }

  /// A worker with these flags is refused, says `why`, and goes on asking.
  void expect_refused(const std::string& url, const Flags& more, const std::string& why,
                      const std::string& secret) {
    Worker& worker = start(rules(), at(url, more));
    EXPECT_TRUE(worker.logs(why)) << worker.story();
    EXPECT_EQ(worker.get("/readyz").status, 503);
    expect_unsaid(worker, secret);
    EXPECT_EQ(worker.get("/readyz").body.find(secret), std::string::npos);
    EXPECT_EQ(worker.terminate(), 0);
  }

  static void expect_unsaid(const Worker& worker, const std::string& secret) {
    EXPECT_EQ(worker.err().find(secret), std::string::npos) << worker.story();
    EXPECT_EQ(worker.out().find(secret), std::string::npos) << worker.story();
  }

  void expect_unshown(const std::string& url, const Flags& more, const std::string& secret) {
    Flags words = {"config", rules()};
    const Flags flags = here(at(url, more));
    words.insert(words.end(), flags.begin(), flags.end());
    const Outcome outcome = run_sluice(words);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ((outcome.out + outcome.err).find(secret), std::string::npos) << outcome.out;
    EXPECT_NE(outcome.out.find("nats.url"), std::string::npos);
  }

  TemporaryDirectory& folder() { return folder_; }

 private:
  TemporaryDirectory folder_;
};

const std::string password = "pass-Word-9";

TEST_F(NatsSecurity, UserAndPassword) {
  NatsServer nats("authorization { user: worker, password: \"" + password + "\" }");
  expect_published(nats.url(), {"--nats-user", "worker", "--nats-password", password}, password);
}

TEST_F(NatsSecurity, APasswordInAFile) {
  NatsServer nats("authorization { user: worker, password: \"" + password + "\" }");
  const std::string file = folder().write("password", password + "\n");
  expect_published(nats.url(), {"--nats-user", "worker", "--nats-password-file", file}, password);
}

TEST_F(NatsSecurity, APasswordInTheUrl) {
  NatsServer nats("authorization { user: worker, password: \"" + password + "\" }");
  expect_published("nats://worker:" + password + "@" + nats.host(), {}, password);
}

/// It is asked again: somebody may set it right at the server.
TEST_F(NatsSecurity, AWrongPassword) {
  NatsServer nats("authorization { user: worker, password: \"" + password + "\" }");
  expect_refused(nats.url(), {"--nats-user", "worker", "--nats-password", "wrong-Word-9"},
                 "are the credentials correct", "wrong-Word-9");
  expect_refused("nats://worker:wrong-Word-9@" + nats.host(), {}, "are the credentials correct",
                 "wrong-Word-9");
}

TEST_F(NatsSecurity, AToken) {
  NatsServer nats("authorization { token: \"" + password + "\" }");
  expect_published(nats.url(), {"--nats-token", password}, password);
}

TEST_F(NatsSecurity, ATokenInAFile) {
  NatsServer nats("authorization { token: \"" + password + "\" }");
  expect_published(nats.url(), {"--nats-token-file", folder().write("token", password)}, password);
}

TEST_F(NatsSecurity, AnNKey) {
  const NKey user(NKey::Kind::user);
  NatsServer nats("authorization { users: [ { nkey: " + user.public_key() + " } ] }");
  const std::string file = folder().write("seed", user.seed() + "\n");
  expect_published(nats.url(), {"--nats-nkey", user.public_key(), "--nats-nkey-file", file}, user.seed());
}

TEST_F(NatsSecurity, AnotherNKey) {
  const NKey user(NKey::Kind::user);
  const NKey other(NKey::Kind::user);
  NatsServer nats("authorization { users: [ { nkey: " + user.public_key() + " } ] }");
  const std::string file = folder().write("seed", other.seed());
  expect_refused(nats.url(), {"--nats-nkey", other.public_key(), "--nats-nkey-file", file},
                 "are the credentials correct", other.seed());
}

TEST_F(NatsSecurity, ACredentialsFile) {
  const NatsOperator authority;
  NatsServer nats(authority.settings());
  expect_published(nats.url(), {"--nats-creds-file", authority.creds_file()}, authority.user_seed());
}

std::string tls_settings(const Certificates& certificates, bool verify) {
  return "tls { cert_file: \"" + certificates.server() + "\", key_file: \"" + certificates.server() +
         "\", ca_file: \"" + certificates.authority() + "\", verify: " + (verify ? "true" : "false") + " }";
}

TEST_F(NatsSecurity, Tls) {
  const Certificates certificates;
  NatsServer nats(tls_settings(certificates, false));
  expect_published("tls://" + nats.host(), {"--nats-ca-file", certificates.authority()}, "PRIVATE KEY");
}

TEST_F(NatsSecurity, AServerOfAnotherAuthority) {
  const Certificates certificates;
  const Certificates others;
  NatsServer nats(tls_settings(certificates, false));
  expect_refused("tls://" + nats.host(), {"--nats-ca-file", others.authority()}, "cannot be reached",
                 "PRIVATE KEY");
}

TEST_F(NatsSecurity, ACertificateForAnotherHostIsToldWithItsNames) {
  const Certificates certificates("DNS:nats.example.org,IP:192.0.2.7");
  NatsServer nats(tls_settings(certificates, false) + "\nauthorization { user: worker, password: \"" +
                  password + "\" }");
  const std::string told = "the certificate of " + nats.host() +
                           ": it is for nats.example.org, 192.0.2.7, and 127.0.0.1 is wanted";
  const Flags trusted = {"--nats-ca-file", certificates.authority()};
  expect_refused("tls://worker:" + password + "@" + nats.host(), trusted, told, password);
  Flags words = here_run({"check", rules(), "--online"}, at("tls://" + nats.host(), trusted));
  const Outcome checked = run_sluice(words);
  EXPECT_EQ(checked.exit_code, 1) << checked.out;
  EXPECT_NE(checked.out.find(told), std::string::npos) << checked.out << checked.err;
}

TEST_F(NatsSecurity, AClientWithoutItsCertificate) {
  const Certificates certificates;
  NatsServer nats(tls_settings(certificates, true));
  expect_refused("tls://" + nats.host(), {"--nats-ca-file", certificates.authority()}, "cannot be reached",
                 "PRIVATE KEY");
}

TEST_F(NatsSecurity, ACertificateFileThatIsNotThere) {
  NatsServer nats;
  const std::string file = (folder().path() / "none.pem").string();
  Worker& worker = start(rules(), at(nats.url(), {"--nats-ca-file", file}));
  EXPECT_EQ(worker.wait(), 2) << worker.story();
  EXPECT_NE(worker.err().find("as configured"), std::string::npos) << worker.err();
}

/// Both sides at once, each with certificates of an authority of its own.
class TlsOnBothSides : private OwnServer<TlsReplicaSet>, public NatsSecurity {
 protected:
  TlsOnBothSides() : NatsSecurity(OwnServer<TlsReplicaSet>::own) {}
};

TEST_F(TlsOnBothSides, WithCertificatesOfClients) {
  const Certificates certificates;
  NatsServer nats(tls_settings(certificates, true) + "\nauthorization { user: worker, password: \"" +
                  password + "\" }");
  expect_published("tls://" + nats.host(),
                   {"--nats-ca-file", certificates.authority(), "--nats-cert-file", certificates.client(),
                    "--nats-key-file", certificates.client(), "--nats-user", "worker", "--nats-password-file",
                    folder().write("password", password)},
                   password);
}

}  // namespace
}  // namespace sluice::test
