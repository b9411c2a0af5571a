#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "sluice/bson_builder.hpp"
#include "unit/bson/json.hpp"
#include "unit/bson/seed.hpp"

namespace sluice::bson {
namespace {

class ViewTest : public testing::Test {
 protected:
  test::Store store_;
};

// One value of each type there is, after another, so that a wrong length shows in the next.
constexpr const char* all_types = R"({
  "double": 1.5, "string": "s", "document": {"x": 1}, "array": [1, 2],
  "binary": {"$binary": {"base64": "AQID", "subType": "00"}}, "undefined": {"$undefined": true},
  "oid": {"$oid": "0123456789abcdef01234567"}, "false": false, "true": true,
  "date": {"$date": {"$numberLong": "1"}}, "null": null,
  "regex": {"$regularExpression": {"pattern": "a+", "options": "i"}},
  "pointer": {"$dbPointer": {"$ref": "c", "$id": {"$oid": "0123456789abcdef01234567"}}},
  "code": {"$code": "f"}, "symbol": {"$symbol": "s"}, "scoped": {"$code": "f", "$scope": {"y": 2}},
  "int32": 7, "timestamp": {"$timestamp": {"t": 1, "i": 2}}, "int64": {"$numberLong": "8"},
  "decimal": {"$numberDecimal": "1.5"}, "min": {"$minKey": 1}, "max": {"$maxKey": 1}, "": "empty key"})";

TEST_F(ViewTest, IsAbsentByDefault) {
  const View absent;
  EXPECT_FALSE(absent);
  EXPECT_TRUE(absent.empty());
  EXPECT_TRUE(absent.begin() == absent.end());
  EXPECT_FALSE(absent.at("a"));
  EXPECT_FALSE(absent.at_path("a.b"));
  EXPECT_EQ(absent.json(), "null");
}

TEST_F(ViewTest, SeesEveryType) {
  const View document = store_.document(all_types);
  std::vector<bson_type_t> types;
  Builder copy;
  for (const auto& [key, value] : document) {
    types.push_back(value.type());
    copy.append(key, value);
  }
  EXPECT_EQ(types.size(), 23U);
  const View copied = copy.finish();
  EXPECT_EQ(copied.as_value(), document.as_value()) << "the values' bytes are all of the document";
  EXPECT_EQ(document.at("").text(), "empty key");
  EXPECT_EQ(document.at("max").raw().size(), 0U);
  EXPECT_EQ(document.at("oid").raw().size(), 12U);
}

TEST_F(ViewTest, FindsThePathsOfDocumentsOnly) {
  const View document = store_.document(R"({"a": {"b": {"c": 1}, "d": [{"e": 2}]}, "a.b": 3, "n": null})");
  EXPECT_EQ(document.at_path("a.b.c").integer(), 1);
  EXPECT_TRUE(document.at_path("a.d").is_array());
  for (const char* path : {"a.x", "a.b.c.d", "a.d.0", "a.d.e", "a.d.0.e", "n.x", "x", "", ".", "a.", ".a"}) {
    EXPECT_FALSE(document.at_path(path)) << path;
  }
  EXPECT_TRUE(document.at_path("n").is_null());
  EXPECT_EQ(document.at("a.b").integer(), 3);
}

TEST_F(ViewTest, BorrowsItsBytes) {
  const View document = store_.document(R"({"a": 1})");
  const bson_t bson = document.borrow();
  EXPECT_EQ(bson_get_data(&bson), document.data());
  EXPECT_EQ(document.json(), R"({ "a" : 1 })");
}

bool lies_in(View all, const void* begin, std::size_t size) {
  const auto* first = static_cast<const std::uint8_t*>(begin);
  return size == 0 || (first >= all.data() && first + size <= all.data() + all.size());
}

/// Whatever the bytes: looks at all of them, in depth. What a view shows lies in what it is a view of.
std::size_t walk(View view, int depth = 0) {
  std::size_t seen = 0;
  for (const auto& [key, value] : view) {
    EXPECT_TRUE(lies_in(view, key.data(), key.size()));
    EXPECT_TRUE(lies_in(view, value.raw().data(), value.raw().size()));
    EXPECT_TRUE(lies_in(view, value.text().data(), value.text().size()));
    seen += key.size() + value.raw().size() + value.text().size();
    seen += static_cast<std::size_t>(value.integer().has_value()) + (value.timestamp() & 1U);
    seen += Identity(value).hash(0) & 1U;
    if (value.document() && depth < 20) seen += walk(value.document(), depth + 1);
  }
  return seen;
}

TEST_F(ViewTest, SurvivesTruncation) {
  const View document = store_.document(all_types);
  const std::size_t whole = walk(document);
  for (std::size_t size = 0; size < document.size(); ++size) {
    std::vector<std::uint8_t> bytes(document.data(), document.data() + size);  // on the heap, to the byte
    EXPECT_LT(walk({bytes.data(), bytes.size()}), whole) << size;
    if (size < 4) continue;
    const auto claimed = static_cast<std::int32_t>(size);
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&claimed), 4, bytes.begin());
    walk({bytes.data(), bytes.size()});
    if (size < 5) continue;
    bytes.back() = 0;
    walk({bytes.data(), bytes.size()});
    View(bytes.data(), bytes.size()).json();
  }
}

TEST_F(ViewTest, SurvivesCorruptedBytes) {
  const View document = store_.document(all_types);
  const std::uint64_t seed = test::seed();
  SCOPED_TRACE(test::seed_line(seed));
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::uint8_t> bytes(document.data(), document.data() + document.size());
    for (unsigned flips = 1 + random() % 4; flips > 0; --flips) {
      bytes[4 + random() % (bytes.size() - 5)] = static_cast<std::uint8_t>(random());
    }
    walk({bytes.data(), bytes.size()});
  }
}

TEST_F(ViewTest, WalksDeepDocuments) {
  Builder builder;
  std::string path = "d";
  for (int depth = 0; depth < 150; ++depth) {
    builder.open("d");
    path += ".d";
  }
  builder.append("d", 1);
  const View deep = builder.finish();
  EXPECT_EQ(deep.at_path(path).integer(), 1);
  EXPECT_NE(Identity(deep.as_value()).hash(0), 0U);
  EXPECT_FALSE(deep.json().empty());
}

}  // namespace
}  // namespace sluice::bson
