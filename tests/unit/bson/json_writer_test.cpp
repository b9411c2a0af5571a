#include "bson/json_writer.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "bson/raii.hpp"
#include "unit/bson/seed.hpp"

namespace sluice::bson {
namespace {

std::string json_of(const bson_t& document, JsonFormat format) {
  std::string out;
  EXPECT_EQ(append_json(out, View(document), format), JsonFailure::none);
  return out;
}

std::string relaxed(const bson_t& document) {
  return json_of(document, JsonStyle::relaxed);
}

/// The value of `v`.
std::string relaxed(const std::string& json) {
  const std::string whole = R"({"v":)" + json + "}";
  Document document;
  bson_error_t error;
  EXPECT_TRUE(bson_init_from_json(document.out(), whole.data(), static_cast<ssize_t>(whole.size()), &error))
      << error.message;
  std::string out;
  EXPECT_EQ(append_json(out, View(*document.get()).at("v"), JsonStyle::relaxed), JsonFailure::none);
  return out;
}

/// As libbson writes it, but for the blanks; empty where it does not.
std::string by_libbson(const bson_t& document, JsonStyle style) {
  const JsonText text(style == JsonStyle::canonical ? bson_as_canonical_extended_json(&document, nullptr)
                                                    : bson_as_relaxed_extended_json(&document, nullptr));
  if (!text) return {};
  const std::string_view whole = text.get();
  std::string out;
  bool in_text = false;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (whole[i] == ' ' && !in_text) continue;
    out += whole[i];
    if (in_text && whole[i] == '\\') {
      out += whole[++i];
    } else if (whole[i] == '"') {
      in_text = !in_text;
    }
  }
  return out;
}

void expect_as_libbson(const bson_t& document) {
  for (const JsonStyle style : {JsonStyle::relaxed, JsonStyle::canonical}) {
    const std::string due = by_libbson(document, style);
    if (!due.empty()) {
      EXPECT_EQ(json_of(document, style), due);
    }
  }
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
  /// What libbson and the shortest text agree on.
  double real() {
    static constexpr double ends[] = {0.0, -0.0, 3, INFINITY, -INFINITY, NAN};
    return below(2) == 0 ? ends[below(std::size(ends))] : static_cast<double>(below(1'000'000)) / 8;
  }
  /// Not so late that relaxed JSON has no text for it: there libbson is wrong.
  std::int64_t date() { return integer() % 253'402'300'800'000; }

  Document scope() {
    Document document;
    bson_append_int64(document.get(), "n", 1, integer());
    return document;
  }

  void append(bson_t* into, const std::string& name, int depth) {
    const std::uint64_t kind = below(20);
    kind >= 1 && kind <= 5 ? append_sized(into, name, kind, depth) : append_plain(into, name, kind);
  }

  /// Texts, binary data, and what holds other values.
  void append_sized(bson_t* into, const std::string& name, std::uint64_t kind, int depth) {
    const char* key = name.data();
    const auto size = static_cast<int>(name.size());
    bson_t inner;
    const std::string some = text(below(50) == 0);
    const auto some_size = static_cast<int>(some.size());
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(some.data());
    switch (kind) {
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
    }
  }

  void append_plain(bson_t* into, const std::string& name, std::uint64_t kind) {
    const char* key = name.data();
    const auto size = static_cast<int>(name.size());
    bson_oid_t id;
    bson_oid_init(&id, nullptr);
    bson_decimal128_t decimal{random_(), random_()};
    switch (kind) {
      case 0:
        bson_append_double(into, key, size, real());
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
        bson_append_date_time(into, key, size, date());
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

TEST(JsonWriter, WritesAsLibbsonDoesButForBlanks) {
  const std::uint64_t seed = test::seed();
  SCOPED_TRACE(test::seed_line(seed));
  Documents documents(seed);
  for (int i = 0; i < 5000 && !testing::Test::HasFailure(); ++i) {
    Document document;
    documents.fill(document.get(), 4);
    expect_as_libbson(*document.get());
  }
}

/// Any double there is, by its bits, is read back as the same one, and as a double.
TEST(JsonWriter, WritesDoublesThatReadBack) {
  const std::uint64_t seed = test::seed();
  SCOPED_TRACE(test::seed_line(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t bits = i % 2 == 0 ? random() : std::bit_cast<std::uint64_t>(std::floor(1e6 / i));
    const double value = std::bit_cast<double>(bits);
    if (std::isnan(value)) continue;
    Document document;
    BSON_APPEND_DOUBLE(document.get(), "v", value);
    const std::string json = relaxed(*document.get());
    Document again;
    bson_error_t error;
    ASSERT_TRUE(bson_init_from_json(again.out(), json.data(), static_cast<ssize_t>(json.size()), &error))
        << json;
    ASSERT_TRUE(View(*again.get()).at("v") == View(*document.get()).at("v")) << json;
  }
}

TEST(JsonWriter, WritesNumbersAsShortAsTheyReadBack) {
  EXPECT_EQ(relaxed("19.99"), "19.99");
  EXPECT_EQ(relaxed("0.1"), "0.1");
  EXPECT_EQ(relaxed("1.0"), "1.0");
  EXPECT_EQ(relaxed("-0.0"), "-0.0");
  EXPECT_EQ(relaxed("20260000123.0"), "20260000123.0");
  EXPECT_EQ(relaxed("1e300"), "1e+300");
  EXPECT_EQ(relaxed("5"), "5");
  EXPECT_EQ(relaxed(R"({"$numberLong":"5"})"), "5");
  EXPECT_EQ(relaxed(R"({"$numberDouble":"NaN"})"), R"({"$numberDouble":"NaN"})");
  EXPECT_EQ(relaxed(R"({"$numberDouble":"-Infinity"})"), R"({"$numberDouble":"-Infinity"})");
  EXPECT_EQ(relaxed(R"({"$numberDecimal":"19.99"})"), R"({"$numberDecimal":"19.99"})");
}

TEST(JsonWriter, WritesCanonicalJson) {
  Document document;
  BSON_APPEND_INT32(document.get(), "i", 5);
  BSON_APPEND_INT64(document.get(), "l", 5);
  BSON_APPEND_DOUBLE(document.get(), "d", 19.99);
  BSON_APPEND_DATE_TIME(document.get(), "t", 0);
  EXPECT_EQ(json_of(*document.get(), JsonStyle::canonical),
            R"({"i":{"$numberInt":"5"},"l":{"$numberLong":"5"},"d":{"$numberDouble":"19.99"},)"
            R"("t":{"$date":{"$numberLong":"0"}}})");
}

/// Relaxed JSON has dates as text from 1970 to 9999 only.
TEST(JsonWriter, WritesDatesOutsideTheRangeAsNumbers) {
  const auto date = [](std::int64_t ms) {
    Document document;
    BSON_APPEND_DATE_TIME(document.get(), "t", ms);
    return relaxed(*document.get());
  };
  EXPECT_EQ(date(0), R"({"t":{"$date":"1970-01-01T00:00:00Z"}})");
  EXPECT_EQ(date(50), R"({"t":{"$date":"1970-01-01T00:00:00.050Z"}})");
  EXPECT_EQ(date(253'402'300'799'999), R"({"t":{"$date":"9999-12-31T23:59:59.999Z"}})");
  EXPECT_EQ(date(253'402'300'800'000), R"({"t":{"$date":{"$numberLong":"253402300800000"}}})");
  EXPECT_EQ(date(-1), R"({"t":{"$date":{"$numberLong":"-1"}}})");
}

TEST(JsonWriter, WritesTheEndsOfEveryRange) {
  for (const std::int64_t date : {-1L, 0L, 5L, 50L, 999L, 1000L, 253'402'300'799'999L, 253'402'300'800'000L,
                                  std::numeric_limits<std::int64_t>::max()}) {
    Document document;
    BSON_APPEND_DATE_TIME(document.get(), "at", date);
    BSON_APPEND_INT64(document.get(), "long", date);
    BSON_APPEND_INT32(document.get(), "int", std::numeric_limits<std::int32_t>::min());
    BSON_APPEND_UTF8(document.get(), "", "under no name");
    if (date <= 253'402'300'799'999L) expect_as_libbson(*document.get());
  }
  EXPECT_EQ(relaxed(*Document().get()), "{}");
  Document nul;
  bson_append_utf8(nul.get(), "nul", 3, "a\0b", 3);
  EXPECT_EQ(relaxed(*nul.get()), R"({"nul":"a\u0000b"})");
}

/// Two bytes and three, all there are: what is no UTF-8 becomes U+FFFD, and what is written is UTF-8.
TEST(JsonWriter, ReplacesWhatIsNotUtf8) {
  for (int first = 0x80; first < 0x100; ++first) {
    for (int second = 0x70; second < 0xD0; ++second) {
      for (const std::string_view rest : {"", "\x80", "\xBF\x80", "z"}) {
        const std::string text =
            std::string{static_cast<char>(first), static_cast<char>(second)} + std::string(rest);
        Document document;
        bson_append_utf8(document.get(), "t", 1, text.data(), static_cast<int>(text.size()));
        const std::string json = relaxed(*document.get());
        ASSERT_TRUE(bson_utf8_validate(json.data(), json.size(), false));
        const bool valid = bson_utf8_validate(text.data(), text.size(), false);
        ASSERT_EQ(json.find("\xEF\xBF\xBD") == std::string::npos, valid) << json;
      }
    }
  }
  Document document;
  bson_append_int32(document.get(), "\xff", 1, 1);
  EXPECT_EQ(relaxed(*document.get()), "{\"\xEF\xBF\xBD\":1}");
  EXPECT_EQ(json_of(*document.get(), {JsonStyle::relaxed, JsonBytes::kept}), "{\"\xff\":1}");
}

TEST(JsonWriter, AppendsToWhatIsThere) {
  Document document;
  BSON_APPEND_INT32(document.get(), "n", 1);
  std::string out = R"({"data":)";
  ASSERT_EQ(append_json(out, View(*document.get()), JsonStyle::relaxed), JsonFailure::none);
  EXPECT_EQ(out, R"({"data":{"n":1})");
}

/// The server stores 200 levels at most; libbson alone would write a hundred.
TEST(JsonWriter, GivesUpWhereDocumentsNestTooDeeply) {
  const auto failure = [](int depth) {
    Document document;
    for (int i = 0; i < depth; ++i) {
      Document outer;
      BSON_APPEND_DOCUMENT(outer.get(), "a", document.get());
      document = std::move(outer);
    }
    std::string out;
    return append_json(out, View(*document.get()), JsonStyle::relaxed);
  };
  EXPECT_EQ(failure(200), JsonFailure::none);
  EXPECT_EQ(failure(most_json_levels), JsonFailure::none);
  EXPECT_EQ(failure(most_json_levels + 1), JsonFailure::too_deep);
  EXPECT_STRNE(reason_of(JsonFailure::too_deep), reason_of(JsonFailure::not_bson));
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
  EXPECT_EQ(append_json(out, View(bytes.data(), bytes.size()), JsonStyle::relaxed), JsonFailure::not_bson);
}

}  // namespace
}  // namespace sluice::bson
