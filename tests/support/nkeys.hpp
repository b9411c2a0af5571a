#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/temporary_directory.hpp"

namespace sluice::test {

/// A pair of keys as NATS writes them, made by the openssl command.
class NKey {
 public:
  enum class Kind : std::uint8_t { operator_key = 14, account = 0, user = 20 };

  explicit NKey(Kind kind);

  std::string public_key() const;
  std::string seed() const;
  /// Base64, for a URL.
  std::string sign(const std::string& text) const;

 private:
  TemporaryDirectory folder_;
  Kind kind_;
};

/// An operator with one account and a user of it: what a server is told of them, and the user's file.
class NatsOperator {
 public:
  NatsOperator();
  /// Lines of a server's configuration.
  std::string settings() const { return settings_; }
  /// The user's token and seed in one file.
  std::string creds_file() const { return creds_file_; }
  std::string user_seed() const { return user_.seed(); }

 private:
  TemporaryDirectory folder_;
  NKey user_{NKey::Kind::user};
  std::string settings_;
  std::string creds_file_;
};

}  // namespace sluice::test
