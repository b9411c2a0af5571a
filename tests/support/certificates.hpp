#pragma once

#include <string>

#include "support/temporary_directory.hpp"

namespace sluice::test {

/// An authority, and a certificate of it each for a server and for its clients, as PEM files.
class Certificates {
 public:
  /// `names`: what the certificates are for, as OpenSSL's subjectAltName wants it.
  explicit Certificates(std::string names = "IP:127.0.0.1");
  /// A new authority and new certificates of it, each file put in the place of the old one.
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
