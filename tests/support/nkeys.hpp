#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/temporary_directory.hpp"

namespace sluice::test {

/// A key pair (Ed25519) in NATS's text format, made by the openssl command.
class NKey {
 public:
  enum class Kind : std::uint8_t { operator_key = 14, account = 0, user = 20 };

  explicit NKey(Kind kind);

  std::string public_key() const;
  std::string seed() const;
  /// The signature in base64url.
  std::string sign(const std::string& text) const;

 private:
  TemporaryDirectory folder_;
  Kind kind_;
};

/// A NATS operator with one account and a user of it: the server's settings, and the user's credentials.
class NatsOperator {
 public:
  NatsOperator();
  /// Lines for a server's configuration.
  std::string settings() const { return settings_; }
  /// The path of a file with the user's token and seed.
  std::string creds_file() const { return creds_file_; }
  std::string user_seed() const { return user_.seed(); }

 private:
  TemporaryDirectory folder_;
  NKey user_{NKey::Kind::user};
  std::string settings_;
  std::string creds_file_;
};

}  // namespace sluice::test
