#pragma once

#include <string>

#include "support/temporary_directory.hpp"

namespace sluice::test {

/// A certificate authority, and certificates signed by it for a server and for its clients, as PEM files.
class Certificates {
 public:
  /// `names`: the names in the certificates, in the format of OpenSSL's subjectAltName.
  explicit Certificates(std::string names = "IP:127.0.0.1");
  /// Replaces all files by those of a new authority.
  void renew();

  std::string authority() const { return (folder_.path() / "ca.pem").string(); }
  std::string server() const { return (folder_.path() / "server.pem").string(); }
  std::string client() const { return (folder_.path() / "client.pem").string(); }

 private:
  TemporaryDirectory folder_;
  std::string names_;
  int renewals_ = 0;
};

}  // namespace sluice::test
