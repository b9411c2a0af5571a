#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "bson/destroyer.hpp"
#include "sluice/bson.hpp"

namespace sluice::source {

/// Computes in this process what `{$abs: {$toLong: {$toHashedIndexKey: ID}}}` gives on the server: the number
/// by which documents are spread over shards and partitions. Like the server's hashed indexes it converts
/// every number to a 64-bit integer first, so 1, 1.0 and 1.9 have one hash.
///
/// An object is for one thread at a time. It holds a digest context of OpenSSL and a small buffer, and
/// computing a hash allocates nothing.
class IdHasher {
 public:
  /// Throws std::runtime_error where OpenSSL offers no MD5.
  IdHasher();

  /// Between 0 and 2^63 - 1. An absent value has the hash of null. Where the hash is -2^63, of which the
  /// server's $abs fails, this returns 2^63 - 1.
  std::int64_t hash(const bson::Value& id);

 private:
  void add(const bson::Value& value, int depth);
  void add_element(const bson::Element& element, int depth);
  void add_fields(bson::View document, int depth);
  void add_code_with_scope(std::span<const std::uint8_t> raw, int depth);
  template <typename T>
  void put_number(T number);
  void put(const void* data, std::size_t size);
  void flush();

  std::unique_ptr<EVP_MD, Destroyer<EVP_MD_free>> md5_;
  std::unique_ptr<EVP_MD_CTX, Destroyer<EVP_MD_CTX_free>> context_;
  std::array<std::uint8_t, 256> buffer_;  ///< input that the digest has not been given yet
  std::size_t buffered_ = 0;
};

}  // namespace sluice::source
