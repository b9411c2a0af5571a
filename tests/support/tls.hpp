#pragma once

#include <string>

#include "support/certificates.hpp"
#include "support/mongod.hpp"

namespace sluice::test {

/// A replica set of one node at 127.0.0.1 that requires TLS and client certificates.
class TlsReplicaSet : private Certificates, public ReplicaSet {
 public:
  TlsReplicaSet() : TlsReplicaSet("IP:127.0.0.1", "") {}

  /// The URI options for a client that trusts the authority and verifies the server's name.
  std::string tls_options() const {
    return "tls=true&tlsCAFile=" + authority() + "&tlsCertificateKeyFile=" + client();
  }

  using Certificates::renew;

 protected:
  /// With a certificate for these names. `more` (`&name=value...`) is added to the URIs of the tests.
  TlsReplicaSet(const std::string& names, const std::string& more)
      : Certificates(names),
        ReplicaSet({"--tlsMode", "requireTLS", "--tlsCertificateKeyFile", Certificates::server(),
                    "--tlsCAFile", authority()},
                   tls_options() + more) {}
};

/// A replica set whose certificate is for localhost, while its member's address is 127.0.0.1.
class MisnamedReplicaSet : public TlsReplicaSet {
 public:
  MisnamedReplicaSet() : TlsReplicaSet("DNS:localhost", "&tlsAllowInvalidHostnames=true") {}
};

}  // namespace sluice::test
