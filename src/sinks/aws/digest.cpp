#include "sinks/aws/digest.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "text/hex.hpp"

namespace sluice::sinks::aws {

namespace {

constexpr std::size_t most_id = 128;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string out;
  text::append_hex(out, digest.data(), size);
  return out;
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> code;
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(), code.data(),
       &size);
  return {reinterpret_cast<const char*>(code.data()), size};
}

std::string accepted_id(std::string_view id) {
  const bool accepted = !id.empty() && id.size() <= most_id &&
                        std::ranges::all_of(id, [](unsigned char c) { return c > 0x20 && c < 0x7F; });
  return accepted ? std::string(id) : sha256_hex(id);
}

}  // namespace sluice::sinks::aws
