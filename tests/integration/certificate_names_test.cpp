#include "support/fixture.hpp"
#include "support/own_server.hpp"
#include "support/tls.hpp"

namespace sluice::test {
namespace {

constexpr const char* rules = "  - name: copy\n    write: {from: a, into: b, values: {x: NEW.x}}\n";

/// Connects workers to a server by another name than the one that a test is run with.
template <class Server>
class CertificateNamesOn : protected OwnServer<Server>, public PipelineTest {
 protected:
  CertificateNamesOn() : PipelineTest(OwnServer<Server>::own) {}

  std::string at_localhost() {
    const std::string address = this->own.node(0).host();
    return "mongodb://localhost" + address.substr(address.find(':')) +
           "/?replicaSet=" + set_of(this->own.uri()) + "&serverSelectionTimeoutMS=2000&" +
           this->own.tls_options();
  }
  /// check and run both say it, and run goes on trying.
  void expect_told(const std::string& told) {
    const std::string uri = at_localhost();
    const Outcome checked = run_sluice(here_run({"check", file(rules), "--online"}, {"--mongodb-uri", uri}));
    EXPECT_EQ(checked.exit_code, 2) << checked.out;
    EXPECT_NE(checked.out.find(told), std::string::npos) << checked.out << checked.err;
    EXPECT_NE(checked.out.find("or give it a certificate for this name"), std::string::npos) << checked.out;
    Worker worker({.file = file(rules), .flags = here({"--mongodb-uri", uri})});
    EXPECT_TRUE(worker.logs(told)) << worker.story();
    EXPECT_EQ(worker.get("/readyz").status, 503);
    EXPECT_EQ(worker.terminate(), 0) << worker.story();
  }

 private:
  static std::string set_of(const std::string& uri) {
    const std::string key = "replicaSet=";
    const auto from = uri.find(key) + key.size();
    return uri.substr(from, uri.find('&', from) - from);
  }
};

class CertificateNames : public CertificateNamesOn<TlsReplicaSet> {};

TEST_F(CertificateNames, AnotherThanTheUriHasIsToldWithBoth) {
  const std::string address = own.node(0).host();
  expect_told("the certificate of localhost" + address.substr(address.find(':')) +
              ": it is for 127.0.0.1, and localhost is wanted");
}

class CertificateNamesOfMembers : public CertificateNamesOn<MisnamedReplicaSet> {};

/// The URI's name is right, and the set's configuration leads elsewhere.
TEST_F(CertificateNamesOfMembers, AnotherThanTheSetsConfigurationHasIsToldWithBoth) {
  expect_told("the certificate of " + own.node(0).host() + ": it is for localhost, and 127.0.0.1 is wanted");
}

}  // namespace
}  // namespace sluice::test
