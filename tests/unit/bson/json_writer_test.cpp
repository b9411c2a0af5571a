#include "bson/json_writer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "bson/raii.hpp"
#include "unit/bson/seed.hpp"

namespace sluice::bson {
namespace {

std::string by_libbson(const bson_t& document, JsonStyle style) {
  const JsonText text(style == JsonStyle::canonical ? bson_as_canonical_extended_json(&document, nullptr)
                                                    : bson_as_relaxed_extended_json(&document, nullptr));
  return text ? text.get() : "(nothing)";
}

std::string by_us(const bson_t& document, JsonStyle style) {
  std::string out;
  return append_json(out, View(document), style) ? out : "(nothing)";
}

void expect_the_same(const bson_t& document) {
  for (const JsonStyle style : {JsonStyle::relaxed, JsonStyle::canonical})
    EXPECT_EQ(by_us(document, style), by_libbson(document, style));
}

/// Documents of every type there is, some of them deep.
class Documents {
 public:
  explicit Documents(std::uint64_t seed) : random_(seed) {}

  void fill(bson_t* into, int depth) {
    for (std::uint64_t fields = below(7); fields > 0; --fields) append(into, text(false), depth);
  }
  std::string text(bool any_byte) {
    static constexpr const char* pieces[] = {"a",
                                             "Zz",
                                             "0 9",
                                             "\"",
                                             "\\",
                                             "/",
                                             "\n",
                                             "\t",
                                             "\x01",
                                             "\x1f",
                                             "\x7f",
                                             "\xc3\xa9",
                                             "<&",
                                             "\b\f\r",
                                             "\xef\xbf\xbf",
                                             "\xe2\x80\xa8",
                                             "\xf0\x9f\x98\x80",
                                             "\xed\x9f\xbf"};
    std::string out;
    for (std::uint64_t parts = below(6); parts > 0; --parts) out += pieces[below(std::size(pieces))];
    if (any_byte) out += static_cast<char>(below(256));
    return out;
  }

 private:
  std::mt19937_64 random_;

  std::uint64_t below(std::uint64_t most) { return random_() % most; }

  std::int64_t integer() {
    const auto bits = 1 + below(63);
    return static_cast<std::int64_t>(random_() >> bits) * (below(2) == 0 ? 1 : -1);
  }
  double real() {
    static constexpr double ends[] = {0.0, -0.0, 3, 1e300, -1e-300, 0.1, INFINITY, -INFINITY, NAN};
    return below(2) == 0 ? ends[below(std::size(ends))] : static_cast<double>(integer()) / 1000.0;
  }

  Document scope() {
    Document document;
    bson_append_int64(document.get(), "n", 1, integer());
    return document;
  }

  void append(bson_t* into, const std::string& name, int depth) {
    const char* key = name.data();
    const auto size = static_cast<int>(name.size());
    bson_t inner;
    bson_oid_t id;
    bson_oid_init(&id, nullptr);
    bson_decimal128_t decimal{random_(), random_()};
    const std::string some = text(below(50) == 0);
    const auto some_size = static_cast<int>(some.size());
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(some.data());
    switch (below(20)) {
      case 0:
        bson_append_double(into, key, size, real());
        break;
      case 1:
      case 2:
        bson_append_utf8(into, key, size, some.data(), some_size);
        break;
      case 3:
        bson_append_document_begin(into, key, size, &inner);
        if (depth > 0) fill(&inner, depth - 1);
        bson_append_document_end(into, &inner);
        break;
      case 4:
        bson_append_array_begin(into, key, size, &inner);
        if (depth > 0) fill(&inner, depth - 1);
        bson_append_array_end(into, &inner);
        break;
      case 5:
        bson_append_binary(into, key, size, BSON_SUBTYPE_UUID, bytes, static_cast<std::uint32_t>(some_size));
        break;
      case 6:
        bson_append_undefined(into, key, size);
        break;
      case 7:
        bson_append_oid(into, key, size, &id);
        break;
      case 8:
        bson_append_bool(into, key, size, below(2) == 0);
        break;
      case 9:
      case 10:
        bson_append_date_time(into, key, size, integer());
        break;
      case 11:
        bson_append_null(into, key, size);
        break;
      case 12:
        bson_append_regex(into, key, size, "a\"b.*", "xi");
        break;
      case 13:
        bson_append_code_with_scope(into, key, size, "f()", scope().get());
        break;
      case 14:
        bson_append_symbol(into, key, size, "s", 1);
        break;
      case 15:
        bson_append_int32(into, key, size, static_cast<std::int32_t>(integer()));
        break;
      case 16:
        bson_append_timestamp(into, key, size, static_cast<std::uint32_t>(random_()), 7);
        break;
      case 17:
        bson_append_int64(into, key, size, integer());
        break;
      case 18:
        bson_append_decimal128(into, key, size, &decimal);
        break;
      default:
        below(2) == 0 ? bson_append_minkey(into, key, size) : bson_append_maxkey(into, key, size);
    }
  }
};

TEST(JsonWriter, WritesAsLibbsonDoes) {
  const std::uint64_t seed = test::seed();
  SCOPED_TRACE(test::seed_line(seed));
  Documents documents(seed);
  for (int i = 0; i < 5000 && !testing::Test::HasFailure(); ++i) {
    Document document;
    documents.fill(document.get(), 4);
    expect_the_same(*document.get());
  }
}

TEST(JsonWriter, WritesTheEndsOfEveryRange) {
  for (const std::int64_t date : {-1L, 0L, 5L, 50L, 999L, 1000L, 253'402'300'799'999L, 253'402'300'800'000L,
                                  std::numeric_limits<std::int64_t>::max()}) {
    Document document;
    BSON_APPEND_DATE_TIME(document.get(), "at", date);
    BSON_APPEND_INT64(document.get(), "long", date);
    BSON_APPEND_INT32(document.get(), "int", std::numeric_limits<std::int32_t>::min());
    BSON_APPEND_UTF8(document.get(), "", "under no name");
    bson_append_utf8(document.get(), "nul", 3, "a\0b", 3);
    expect_the_same(*document.get());
  }
  expect_the_same(*Document().get());
}

/// Two bytes and three, all there are: what is no UTF-8 is refused, as libbson refuses it.
TEST(JsonWriter, RefusesWhatIsNotUtf8) {
  for (int first = 0x80; first < 0x100; ++first) {
    for (int second = 0x70; second < 0xD0; ++second) {
      for (const std::string_view rest : {"", "\x80", "\xBF\x80", "z"}) {
        const std::string text =
            std::string{static_cast<char>(first), static_cast<char>(second)} + std::string(rest);
        Document document;
        bson_append_utf8(document.get(), "t", 1, text.data(), static_cast<int>(text.size()));
        ASSERT_EQ(by_us(*document.get(), JsonStyle::relaxed),
                  by_libbson(*document.get(), JsonStyle::relaxed));
      }
    }
  }
}

TEST(JsonWriter, AppendsToWhatIsThere) {
  Document document;
  BSON_APPEND_INT32(document.get(), "n", 1);
  std::string out = R"({"data":)";
  ASSERT_TRUE(append_json(out, View(*document.get()), JsonStyle::relaxed));
  EXPECT_EQ(out, R"({"data":{ "n" : 1 })");
}

TEST(JsonWriter, GivesUpWhereDocumentsNestTooDeeply) {
  for (const int depth : {59, 60, 61, 99, 150, 250}) {
    Document document;
    for (int i = 0; i < depth; ++i) {
      Document outer;
      BSON_APPEND_DOCUMENT(outer.get(), "a", document.get());
      document = std::move(outer);
    }
    expect_the_same(*document.get());
  }
}

/// The last field's size reaches beyond the document.
TEST(JsonWriter, RefusesBytesThatMakeNoSense) {
  Document document;
  BSON_APPEND_INT32(document.get(), "n", 1);
  BSON_APPEND_UTF8(document.get(), "t", "text");
  const View whole(*document.get());
  std::vector<std::uint8_t> bytes(whole.data(), whole.data() + whole.size());
  bytes[bytes.size() - 10] = 0x7F;
  std::string out;
  EXPECT_FALSE(append_json(out, View(bytes.data(), bytes.size()), JsonStyle::relaxed)) << out;
}

}  // namespace
}  // namespace sluice::bson
