#include "sinks/webhook/signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "text/hex.hpp"

namespace sluice::sinks::webhook {

std::string sign(std::string_view secret, std::int64_t unix_seconds, std::string_view body) {
  const std::string time = std::to_string(unix_seconds);
  std::string signed_text = time + ".";
  signed_text += body;
  std::array<unsigned char, EVP_MAX_MD_SIZE> code;
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(), code.data(), &size);
  std::string text = "t=" + time + ",v1=";
  text::append_hex(text, code.data(), size);
  return text;
}

}  // namespace sluice::sinks::webhook
