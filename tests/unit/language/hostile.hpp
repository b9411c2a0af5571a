#pragma once

#include <bson/bson.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <random>
#include <string>

namespace sluice::test {

/// Values of every type that BSON has, made to hurt: the ends of every range, NaN, far dates, texts that are
/// not UTF-8.
class HostileValues {
 public:
  explicit HostileValues(std::uint64_t seed) : random_(seed) {}

  void append(bson_t* into, const char* key) {
    bson_t inner;
    bson_oid_t oid;
    for (std::uint8_t& byte : oid.bytes) byte = static_cast<std::uint8_t>(below(256));
    const std::string some = text();
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(some.data());
    const auto size = static_cast<int>(some.size());
    switch (below(26)) {
      case 0:
      case 1:
      case 2:
      case 3:
        bson_append_double(into, key, -1, real());
        break;
      case 4:
      case 5:
      case 6:
      case 7:
        bson_append_utf8(into, key, -1, some.data(), size);
        break;
      case 8:
      case 9:
        bson_append_date_time(into, key, -1, date());
        break;
      case 10:
        bson_append_int32(into, key, -1, static_cast<std::int32_t>(integer()));
        break;
      case 11:
        bson_append_int64(into, key, -1, integer());
        break;
      case 12:
      case 13:
        append_decimal(into, key);
        break;
      case 14:
        bson_append_bool(into, key, -1, below(2) == 0);
        break;
      case 15:
        bson_append_oid(into, key, -1, &oid);
        break;
      case 16:
        bson_append_timestamp(into, key, -1, static_cast<std::uint32_t>(random_()),
                              static_cast<std::uint32_t>(random_()));
        break;
      case 17:
        below(2) == 0 ? bson_append_binary(into, key, -1, BSON_SUBTYPE_UUID, oid_twice(oid).data(), 16)
                      : bson_append_binary(into, key, -1, BSON_SUBTYPE_BINARY, bytes,
                                           static_cast<std::uint32_t>(some.size()));
        break;
      case 18:
        bson_append_document_begin(into, key, -1, &inner);
        append(&inner, "x");
        bson_append_document_end(into, &inner);
        break;
      case 19:
        bson_append_array_begin(into, key, -1, &inner);
        if (below(2) == 0) append(&inner, "0");
        bson_append_array_end(into, &inner);
        break;
      case 20:
        below(2) == 0 ? bson_append_minkey(into, key, -1) : bson_append_maxkey(into, key, -1);
        break;
      case 21:
        below(2) == 0 ? bson_append_regex(into, key, -1, "a.*", "i") : bson_append_undefined(into, key, -1);
        break;
      case 22:
        below(2) == 0 ? bson_append_symbol(into, key, -1, "s", 1) : bson_append_code(into, key, -1, "f()");
        break;
      case 23:
        bson_init(&inner);
        below(2) == 0 ? bson_append_code_with_scope(into, key, -1, "f()", &inner)
                      : bson_append_dbpointer(into, key, -1, "c", &oid);
        bson_destroy(&inner);
        break;
      case 24:
        bson_append_null(into, key, -1);
        break;
      default:  // missing
        break;
    }
  }

  /// Often not UTF-8.
  std::string text() {
    static constexpr const char* pieces[] = {"a",
                                             "abc",
                                             "12",
                                             "1e5",
                                             "2026-03-01",
                                             " ",
                                             "$x",
                                             "\n",
                                             "\x01",
                                             "\x05",
                                             "\x7f",
                                             "\xc3\xa9",
                                             "\xe4\xb8\xad",
                                             "\xf0\x9f\x98\x80",
                                             "\xff",
                                             "\x80",
                                             "\xc3",
                                             "\xe2\x82",
                                             "\xed\xa0\x80",
                                             "\xf4\x90\x80\x80",
                                             "\xf5\x80\x80\x80",
                                             "\xc0\x80",
                                             "\xef\xbf\xbf",
                                             "\xf0\x80\x80\x80"};
    std::string out;
    for (std::size_t parts = below(5); parts > 0; --parts) out += pieces[below(std::size(pieces))];
    if (below(4) == 0) out += static_cast<char>(below(256));
    if (below(20) == 0) out += std::string(1, '\0');
    return out;
  }

  double real() {
    static constexpr double ends[] = {0.0,
                                      -0.0,
                                      19.99,
                                      0.1,
                                      1234567.0,
                                      20260000100.0,
                                      9007199254740992.0,
                                      5e-324,
                                      1e23,
                                      1e300,
                                      1e22,
                                      1e-5,
                                      0.001,
                                      9007199254740994.0,
                                      NAN,
                                      INFINITY,
                                      -INFINITY,
                                      9.223372036854775807e18,
                                      1.7976931348623157e308,
                                      2.2250738585072014e-308,
                                      5.6843418860808015e-14};
    switch (below(6)) {
      case 0:
        return ends[below(std::size(ends))];
      case 1:
        return std::bit_cast<double>(random_());
      case 2:
        return static_cast<double>(integer());
      case 3:
        return static_cast<double>(below(1'000'000'000)) / std::pow(10, static_cast<double>(below(8)));
      case 4:
        return std::ldexp(1.0, static_cast<int>(below(2098)) - 1074);
      default:
        return std::bit_cast<double>(random_() >> (12 + below(50)));  // subnormal
    }
  }

  std::int64_t integer() {
    static constexpr std::int64_t ends[] = {0, 1, -1, 1LL << 53, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    if (below(3) == 0) return ends[below(std::size(ends))];
    return static_cast<std::int64_t>(random_()) >> below(63);
  }

  std::int64_t date() {
    static constexpr std::int64_t ends[] = {0,
                                            -1,
                                            253'402'300'799'999,
                                            253'402'300'800'000,
                                            -62'167'219'200'000,
                                            -62'167'219'200'001,
                                            INT64_MAX,
                                            INT64_MIN};
    if (below(2) == 0) return ends[below(std::size(ends))];
    return static_cast<std::int64_t>(random_()) >> below(40);
  }

  std::size_t below(std::size_t most) { return random_() % most; }

 private:
  static std::array<std::uint8_t, 16> oid_twice(const bson_oid_t& oid) {
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = oid.bytes[i % sizeof oid.bytes];
    return bytes;
  }

  void append_decimal(bson_t* into, const char* key) {
    static constexpr const char* some[] = {"19.99",
                                           "0",
                                           "-0",
                                           "NaN",
                                           "-Infinity",
                                           "1E+3",
                                           "1.00",
                                           "1E-6176",
                                           "9.999E+6144",
                                           "-5E+20",
                                           "123456789012345678901234567890.1234"};
    bson_decimal128_t decimal{};
    const std::string random =
        std::to_string(integer()) + "E" + std::to_string(static_cast<int>(below(12'000)) - 6'000);
    bson_decimal128_from_string(below(2) == 0 ? some[below(std::size(some))] : random.c_str(), &decimal);
    bson_append_decimal128(into, key, -1, &decimal);
  }

  std::mt19937_64 random_;
};

}  // namespace sluice::test
