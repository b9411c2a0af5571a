#pragma once

#include <string>

#include "support/certificates.hpp"
#include "support/mongod.hpp"

namespace sluice::test {

/// A replica set of one that speaks TLS only, and only with clients that show a certificate.
class TlsReplicaSet : private Certificates, public ReplicaSet {
 public:
  TlsReplicaSet()
      : ReplicaSet({"--tlsMode", "requireTLS", "--tlsCertificateKeyFile", Certificates::server(),
                    "--tlsCAFile", authority()},
                   "tls=true&tlsCAFile=" + authority() + "&tlsCertificateKeyFile=" + client()) {}

  using Certificates::renew;
};

}  // namespace sluice::test
