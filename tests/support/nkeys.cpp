#include "support/nkeys.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace sluice::test {

namespace {

constexpr std::size_t key_bytes = 32;
constexpr unsigned seed_kind = 18;

void openssl(const std::string& arguments) {
  if (std::system(("openssl " + arguments + " >/dev/null 2>&1").c_str()) != 0) {
    throw std::runtime_error("no keys: is the openssl command (3.0 or newer) installed?");
  }
}

/// The bytes as digits of `bits` bits each. The last digit is filled up with zero bits.
std::string in_digits(std::string_view bytes, std::string_view digits, unsigned bits) {
  std::string text;
  unsigned pending = 0;
  unsigned held = 0;
  for (const char byte : bytes) {
    pending = (pending << 8 | static_cast<unsigned char>(byte)) & 0xFFFF;
    for (held += 8; held >= bits; held -= bits) {
      text += digits[pending >> (held - bits) & ((1U << bits) - 1)];
    }
  }
  if (held > 0) text += digits[pending << (bits - held) & ((1U << bits) - 1)];
  return text;
}

std::string base64(std::string_view bytes) {
  return in_digits(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 6);
}

/// A key in NATS's text form: in base32, with a checksum (CRC-16/XMODEM) at the end.
std::string key_text(std::string bytes) {
  unsigned crc = 0;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned>(static_cast<unsigned char>(byte)) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1 ^ ((crc & 0x8000) != 0 ? 0x1021 : 0)) & 0xFFFF;
  }
  bytes += static_cast<char>(crc & 0xFF);
  bytes += static_cast<char>(crc >> 8);
  return in_digits(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 5);
}

std::string last_bytes(const std::filesystem::path& file) {
  const std::string all = read_file(file);
  if (all.size() < key_bytes) throw std::runtime_error("no key in " + file.string());
  return all.substr(all.size() - key_bytes);
}

std::string token(const NKey& signer, const std::string& claims) {
  const std::string text = base64(R"({"typ":"JWT","alg":"ed25519-nkey"})") + "." + base64(claims);
  return text + "." + signer.sign(text);
}

std::string claims(const NKey& issuer, const NKey& subject, const std::string& name,
                   const std::string& more) {
  return R"({"jti":")" + name + R"(","iat":1700000000,"iss":")" + issuer.public_key() + R"(","name":")" +
         name + R"(","sub":")" + subject.public_key() + R"(","nats":{)" + more + R"("version":2}})";
}

constexpr const char* account_claims =
    R"("limits":{"subs":-1,"data":-1,"payload":-1,"imports":-1,"exports":-1,"wildcards":true,"conn":-1,"leaf":-1,)"
    R"("mem_storage":-1,"disk_storage":-1,"streams":-1,"consumer":-1},)"
    R"("default_permissions":{"pub":{},"sub":{}},"type":"account",)";
constexpr const char* system_claims =
    R"("limits":{"subs":-1,"data":-1,"payload":-1,"imports":-1,"exports":-1,"wildcards":true,"conn":-1,"leaf":-1},)"
    R"("default_permissions":{"pub":{},"sub":{}},"type":"account",)";
constexpr const char* user_claims = R"("pub":{},"sub":{},"subs":-1,"data":-1,"payload":-1,"type":"user",)";

}  // namespace

NKey::NKey(Kind kind) : kind_(kind) {
  const std::string at = "'" + folder_.path().string() + "'";
  openssl("genpkey -algorithm ed25519 -out " + at + "/key.pem");
  openssl("pkey -in " + at + "/key.pem -outform DER -out " + at + "/private.der");
  openssl("pkey -in " + at + "/key.pem -pubout -outform DER -out " + at + "/public.der");
}

std::string NKey::public_key() const {
  const auto first = static_cast<char>(static_cast<unsigned>(kind_) << 3);
  return key_text(first + last_bytes(folder_.path() / "public.der"));
}

std::string NKey::seed() const {
  const unsigned kind = static_cast<unsigned>(kind_) << 3;
  const std::string first = {static_cast<char>(seed_kind << 3 | kind >> 5),
                             static_cast<char>((kind & 31) << 3)};
  return key_text(first + last_bytes(folder_.path() / "private.der"));
}

std::string NKey::sign(const std::string& text) const {
  const std::string file = folder_.write("text", text);
  const std::string at = "'" + folder_.path().string() + "'";
  openssl("pkeyutl -sign -rawin -inkey " + at + "/key.pem -in '" + file + "' -out " + at + "/signature");
  return base64(read_file(folder_.path() / "signature"));
}

NatsOperator::NatsOperator() {
  const NKey operator_key(NKey::Kind::operator_key);
  const NKey account(NKey::Kind::account);
  const NKey system(NKey::Kind::account);
  const std::string of_operator =
      token(operator_key, claims(operator_key, operator_key, "test-operator", R"("type":"operator",)"));
  const std::string of_account = token(operator_key, claims(operator_key, account, "test", account_claims));
  const std::string of_system = token(operator_key, claims(operator_key, system, "SYS", system_claims));
  const std::string of_user = token(account, claims(account, user_, "worker", user_claims));
  settings_ = "operator: \"" + folder_.write("operator.jwt", of_operator) +
              "\"\nsystem_account: " + system.public_key() + "\nresolver: MEMORY\nresolver_preload: {\n  " +
              account.public_key() + ": " + of_account + "\n  " + system.public_key() + ": " + of_system +
              "\n}\n";
  creds_file_ =
      folder_.write("user.creds", "-----BEGIN NATS USER JWT-----\n" + of_user +
                                      "\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n" +
                                      user_.seed() + "\n------END USER NKEY SEED------\n");
}

}  // namespace sluice::test
