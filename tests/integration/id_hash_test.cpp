#include "source/id_hash.hpp"

#include <random>

#include "support/fixture.hpp"
#include "support/odd_documents.hpp"

namespace sluice::test {
namespace {

/// The worker's hash of an id next to the server's.
class IdHash : public PipelineTest {
 protected:
  std::int64_t ours(const Document& id) { return hasher_.hash(bson::View(*id.get()).at("v")); }

  /// Of documents whose field `v` is the id. They are constants of the pipeline, since not each of them may
  /// be the _id of a stored document.
  std::vector<std::int64_t> theirs(const std::vector<Document>& ids) {
    Document command(R"({"aggregate":1,"cursor":{"batchSize":100000}})");
    Document stages(R"({"project":{"$project":{"h":{"$abs":{"$toLong":{"$toHashedIndexKey":"$v"}}}}}})");
    bson_t pipeline;
    bson_t stage;
    bson_t literal;
    bson_t list;
    bson_append_array_begin(command.get(), "pipeline", -1, &pipeline);
    bson_append_document_begin(&pipeline, "0", -1, &stage);
    bson_append_document_begin(&stage, "$documents", -1, &literal);
    bson_append_array_begin(&literal, "$literal", -1, &list);
    for (std::size_t i = 0; i < ids.size(); ++i)
      bson_append_document(&list, std::to_string(i).c_str(), -1, ids[i].get());
    bson_append_array_end(&literal, &list);
    bson_append_document_end(&stage, &literal);
    bson_append_document_end(&pipeline, &stage);
    bson_append_document(&pipeline, "1", -1, stages.child("project").get());
    bson_append_array_end(command.get(), &pipeline);
    const Document reply = db().command(command);
    std::vector<std::int64_t> hashes;
    for (std::size_t i = 0; i < ids.size(); ++i)
      hashes.push_back(reply.integer("cursor.firstBatch." + std::to_string(i) + ".h", -1));
    return hashes;
  }

  void expect_same(const std::vector<Document>& ids) {
    const std::vector<std::int64_t> hashes = theirs(ids);
    for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(ours(ids[i]), hashes[i]) << ids[i].json();
  }

  static Document id(const std::string& json) { return value(json); }

  source::IdHasher hasher_;
};

TEST_F(IdHash, IsTheServersForEveryTypeOfId) {
  std::vector<Document> ids = odd_values();
  ids.emplace_back("{}");  // no id at all
  for (const char* known : {"42", R"("text")", "true", R"({"$date":"2026-03-01T12:30:00Z"})",
                            R"({"a":1,"b":{"c":["x",null]}})", R"({"$code":"f","$scope":{"x":1}})"})
    ids.push_back(id(known));  // those that the unit tests hold
  for (const int levels : {2, 10, 100}) ids.push_back(deep_value(levels));
  for (const std::size_t size : {0, 40, 55, 56, 64, 200, 255, 256, 257, 300, 5000})
    ids.push_back(large_value(size));
  expect_same(ids);
}

TEST_F(IdHash, IsTheServersForNumbersAtTheEdges) {
  std::vector<Document> ids;
  for (const char* number : {"0",
                             "0.5",
                             "-0.5",
                             "0.9",
                             "1.5",
                             "-1.5",
                             "2.5",
                             "1e18",
                             "9.3e18",
                             "-9.3e18",
                             "1e300",
                             "-1e300",
                             "Infinity",
                             "-Infinity",
                             "NaN",
                             "-0.0",
                             "9223372036854775807",
                             "9223372036854774784",
                             "-9223372036854775808",
                             "-9223372036854777856",
                             "9223372036854777856"})
    ids.push_back(id(R"({"$numberDouble":")" + std::string(number) + R"("})"));
  for (const char* number : {"0",
                             "-0",
                             "0E+6000",
                             "0E-6000",
                             "0.05",
                             "0.5",
                             "-0.5",
                             "0.50",
                             "0.51",
                             "0.4999999999999999999999999999999999",
                             "1.5",
                             "2.5",
                             "-1.5",
                             "-2.5",
                             "3.50",
                             "2.5000000000000000000000001",
                             "99.5",
                             "1E+2",
                             "123E-2",
                             "9.3E+18",
                             "9223372036854775807",
                             "9223372036854775806.5",
                             "9223372036854775807.4",
                             "9223372036854775807.5",
                             "9223372036854775808",
                             "-9223372036854775808",
                             "-9223372036854775808.4",
                             "-9223372036854775809",
                             "18446744073709551615",
                             "9999999999999999999",
                             "10000000000000000000",
                             "1E+19",
                             "1E+6144",
                             "-1E+6144",
                             "1E-6176",
                             "Infinity",
                             "-Infinity",
                             "NaN",
                             "9999999999999999999999999999999999"})
    ids.push_back(id(R"({"$numberDecimal":")" + std::string(number) + R"("})"));
  for (const char* number : {"-9223372036854775808", "9223372036854775807", "-1", "0", "2147483648"})
    ids.push_back(id(R"({"$numberLong":")" + std::string(number) + R"("})"));
  expect_same(ids);
}

TEST_F(IdHash, TakesANameTwiceAsItStands) {
  Document twice;
  bson_t inner;
  bson_append_document_begin(twice.get(), "v", 1, &inner);
  BSON_APPEND_INT32(&inner, "a", 1);
  BSON_APPEND_INT32(&inner, "a", 2);
  bson_append_document_end(twice.get(), &inner);
  expect_same({twice});
}

/// Appends a random value: a number, a text or a value of the odd ones, and while levels remain also a
/// document or an array of them.
void append_random(bson_t* out, const std::string& name, int levels, std::mt19937_64& random,
                   const std::vector<Document>& odd) {
  const auto below = [&random](std::uint64_t end) { return random() % end; };
  const int length = static_cast<int>(name.size());
  switch (below(levels > 0 ? 10 : 6)) {
    case 0:
      bson_append_int32(out, name.data(), length, static_cast<std::int32_t>(random()));
      return;
    case 1:
      bson_append_int64(out, name.data(), length, static_cast<std::int64_t>(random()));
      return;
    case 2:
      bson_append_double(out, name.data(), length,
                         std::ldexp(static_cast<double>(random()), static_cast<int>(below(130)) - 96));
      return;
    case 3: {
      // 34 digits at most, so that no such number is without a normal form.
      bson_decimal128_t decimal;
      const std::string text = (below(2) ? "-" : "") + std::to_string(random() >> below(64)) + "E" +
                               std::to_string(static_cast<int>(below(24)) - 20);
      bson_decimal128_from_string(text.c_str(), &decimal);
      bson_append_decimal128(out, name.data(), length, &decimal);
      return;
    }
    case 4: {
      const std::string text(below(80), static_cast<char>('a' + below(26)));
      bson_append_utf8(out, name.data(), length, text.data(), static_cast<int>(text.size()));
      return;
    }
    case 5: {
      bson_iter_t from;
      if (bson_iter_init_find(&from, odd[below(odd.size())].get(), "v")) {
        bson_append_iter(out, name.data(), length, &from);
      } else {
        bson_append_null(out, name.data(), length);
      }
      return;
    }
    default:
      break;
  }
  const bool array = below(3) == 0;
  bson_t inner;
  array ? bson_append_array_begin(out, name.data(), length, &inner)
        : bson_append_document_begin(out, name.data(), length, &inner);
  const auto fields = below(5);
  for (std::uint64_t i = 0; i < fields; ++i) {
    const std::string key =
        array ? std::to_string(i)
              : std::string(below(4), static_cast<char>('a' + below(26))) + std::to_string(i);
    append_random(&inner, key, levels - 1, random, odd);
  }
  array ? bson_append_array_end(out, &inner) : bson_append_document_end(out, &inner);
}

TEST_F(IdHash, IsTheServersForRandomIds) {
  std::mt19937_64 random(random_seed());
  const std::vector<Document> odd = odd_values();
  std::vector<Document> ids;
  for (int i = 0; i < 2000; ++i) append_random(ids.emplace_back().get(), "v", 4, random, odd);
  SCOPED_TRACE("SLUICE_SEED=" + std::to_string(random_seed()));
  for (std::size_t i = 0; i < ids.size(); i += 200) {
    expect_same(
        {ids.begin() + static_cast<std::ptrdiff_t>(i), ids.begin() + static_cast<std::ptrdiff_t>(i + 200)});
  }
}

}  // namespace
}  // namespace sluice::test
