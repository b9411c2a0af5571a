#pragma once

#include <string>

#include "support/certificates.hpp"
#include "support/mongod.hpp"

namespace sluice::test {

/// A replica set of one at 127.0.0.1 that speaks TLS only, and only with clients that show a certificate.
class TlsReplicaSet : private Certificates, public ReplicaSet {
 public:
  TlsReplicaSet() : TlsReplicaSet("IP:127.0.0.1", "") {}

  /// The options of a URI for a client that takes the certificate for what it is.
  std::string tls_options() const {
    return "tls=true&tlsCAFile=" + authority() + "&tlsCertificateKeyFile=" + client();
  }

  using Certificates::renew;

 protected:
  /// With a certificate for these names; `more` (`&name=value...`) goes into the URIs of the tests.
  TlsReplicaSet(const std::string& names, const std::string& more)
      : Certificates(names),
        ReplicaSet({"--tlsMode", "requireTLS", "--tlsCertificateKeyFile", Certificates::server(),
                    "--tlsCAFile", authority()},
                   tls_options() + more) {}
};

/// Its certificate is for localhost, and its member is called 127.0.0.1.
class MisnamedReplicaSet : public TlsReplicaSet {
 public:
  MisnamedReplicaSet() : TlsReplicaSet("DNS:localhost", "&tlsAllowInvalidHostnames=true") {}
};

}  // namespace sluice::test
