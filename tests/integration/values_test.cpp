#include "support/fixture.hpp"

namespace sluice::test {
namespace {

constexpr const char* rules = R"(
  - name: copies
    embed:
      from: users
      into:
        - collection: articles
          reference: authorId
          set: { bio: authorBio }
  - name: favorites
    count: { from: favorites, reference: articleId, into: articles, field: favoritesCount }
  - name: tags
    tally: { from: articles, field: meta.tags, into: tags, count: n }
)";

/// What applications may store although it looks odd.
class Values : public PipelineTest {
 protected:
  /// A document with one text field, whatever the bytes of its name and value.
  static Document raw(const std::string& name, const std::string& value) {
    bson_t made = BSON_INITIALIZER;
    bson_append_utf8(&made, name.data(), static_cast<int>(name.size()), value.data(),
                     static_cast<int>(value.size()));
    Document result(made);
    bson_destroy(&made);
    return result;
  }
  /// {$set: fields} by a bare command, for the driver's helpers refuse what is not UTF-8.
  void set_raw(const std::string& collection, const std::string& id, const Document& fields) {
    Document command(R"({"update":")" + collection + "\"}");
    bson_t updates;
    bson_t one;
    bson_t change;
    bson_append_array_begin(command.get(), "updates", -1, &updates);
    bson_append_document_begin(&updates, "0", -1, &one);
    const Document filter(R"({"_id":)" + id + "}");
    bson_append_document(&one, "q", -1, filter.get());
    bson_append_document_begin(&one, "u", -1, &change);
    bson_append_document(&change, "$set", -1, fields.get());
    bson_append_document_end(&one, &change);
    bson_append_document_end(&updates, &one);
    bson_append_array_end(command.get(), &updates);
    db().command(command);
  }
  std::string copied(const std::string& article) {
    const auto found = db().find_one("articles", R"({"_id":)" + article + "}");
    return found ? found->key("authorBio") : "";
  }
  std::string source(const std::string& user) {
    return db().find_one("users", R"({"_id":)" + user + "}")->key("bio");
  }
};

TEST_F(Values, AreCopiedByteForByte) {
  start(file(rules)).ready();
  std::string deep = "1";
  for (int i = 0; i < 95; ++i) deep = i % 2 == 0 ? R"({"d":)" + deep + "}" : "[" + deep + "]";
  const std::vector<std::string> bios{
      R"({"$numberDouble":"NaN"})",
      R"({"$numberDouble":"-0.0"})",
      R"({"$numberDecimal":"1.500"})",
      R"({"$numberDecimal":"-NaN"})",
      R"({"a.b":1,"c.d.e":{"f.g":[1,{"h.i":2}]}})",
      R"({"x":{"$y":1,"$z.w":2}})",
      R"({"$undefined":true})",
      deep,
  };
  for (std::size_t i = 0; i < bios.size(); ++i) {
    const std::string id = std::to_string(i);
    db().insert("articles", R"({"_id":)" + id + R"(,"authorId":)" + id + "}");
    db().insert("users", R"({"_id":)" + id + R"(,"bio":)" + bios[i] + "}");
  }
  for (std::size_t i = 0; i < bios.size(); ++i) {
    const std::string id = std::to_string(i);
    EXPECT_TRUE(soon([&] { return copied(id) == source(id); })) << bios[i];
  }
  ASSERT_TRUE(settled());
  EXPECT_EQ(state().count("dead_letters"), 0);
}

/// MongoDB stores texts and names that are not UTF-8. A filter that reads them must not fail over them.
TEST_F(Values, NeedNotBeUtf8) {
  start(file(rules)).ready();
  db().insert("users", R"({"_id":1})");
  db().insert("articles", R"({"_id":1,"authorId":1,"meta":{"tags":["a"]}})");
  set_raw("users", "1", raw("bio", "caf\xe9 \xff\xfe"));
  EXPECT_TRUE(soon([&] { return !source("1").empty() && copied("1") == source("1"); }));
  set_raw("users", "1", raw("\xff\xfe", "a name"));
  set_raw("articles", "1", raw("meta.\xff", "a nested name"));
  db().insert("favorites", R"({"articleId":1})");
  ASSERT_TRUE(settled());
  EXPECT_EQ(db().find_one("articles", R"({"_id":1})")->integer("favoritesCount"), 1);
  EXPECT_EQ(metric("sluice_stream_reopens_total"), 0);
  EXPECT_EQ(state().count("dead_letters"), 0);
}

TEST_F(Values, ThatCannotBeIdsReferToNothing) {
  db().insert("users", R"({"_id":1,"bio":"one"})");
  start(file(rules)).ready();
  int id = 0;
  for (const char* odd : {R"({"$x":1})", R"({"a":1,"$x":1})", R"([1])", R"([[1]])", R"({"$undefined":true})",
                          R"({"$regularExpression":{"pattern":"1","options":""}})"}) {
    db().insert("articles", R"({"_id":)" + std::to_string(++id) + R"(,"authorId":)" + odd + "}");
    db().insert("favorites", R"({"_id":)" + std::to_string(id) + R"(,"articleId":)" + odd + "}");
  }
  db().insert("articles", R"({"_id":99,"authorId":1})");
  EXPECT_TRUE(becomes("articles", "99", R"({"_id":99,"authorId":1,"authorBio":"one"})"));
  db().update("users", R"({"_id":1})", R"({"$set":{"bio":"two"}})");
  EXPECT_TRUE(becomes("articles", "99", R"({"_id":99,"authorId":1,"authorBio":"two"})"));
  db().remove_many("favorites", {});
  ASSERT_TRUE(settled());
  EXPECT_EQ(db().count("articles", R"({"authorBio":{"$exists":true}})"), 1) << "an array refers to nothing";
  EXPECT_EQ(state().count("dead_letters"), 0);
}

TEST_F(Values, InArraysThatAreCutAndSetAtOnce) {
  start(file(rules)).ready();
  std::string tags = "\"t0\"";
  for (int i = 1; i < 60; ++i) tags += ",\"t" + std::to_string(i) + "\"";
  db().insert("articles", R"({"_id":1,"meta":{"tags":[)" + tags + "]}}");
  const auto change = [&](const std::string& expression) {
    db().update("articles", R"({"_id":1})", R"({"pipeline":[{"$set":{"meta.tags":)" + expression + "}}]}");
  };
  change(R"({"$concatArrays":[["new"],{"$slice":["$meta.tags",1,40]}]})");
  change(
      R"({"$concatArrays":[{"$slice":["$meta.tags",30]},["t0","t0",{"$literal":{"a.b":1}}],{"$slice":["$meta.tags",-3]}]})");
  change(R"({"$slice":["$meta.tags",33]})");
  ASSERT_TRUE(settled());
  std::vector<std::string> expected;
  for (const Document& tag : db().aggregate("articles", R"({"pipeline":[{"$unwind":"$meta.tags"},
        {"$group":{"_id":"$meta.tags"}},{"$sort":{"_id":1}}]})"))
    expected.push_back(tag.key("_id"));
  std::vector<std::string> found;
  for (const Document& tag : db().find("tags", R"({"n":1})", R"({"sort":{"_id":1}})"))
    found.push_back(tag.key("_id"));
  EXPECT_EQ(found, expected);
  EXPECT_GT(found.size(), 30U);
}

/// This server does not say whether "meta.tags" is a path or a name; where both are there nobody can know,
/// and a wrong count would go unseen.
TEST_F(Values, UnderNamesWithDotsAreNeverCountedWrongly) {
  start(file(rules)).ready();
  const auto set = [&](const std::string& id, const std::string& expression) {
    db().update(
        "articles", R"({"_id":)" + id + "}",
        R"({"pipeline":[{"$replaceWith":{"$setField":{"field":"meta.tags","input":"$$ROOT","value":)" +
            expression + "}}}]}");
  };
  const std::string padding = R"(,"pad":")" + std::string(200, 'x') + "\"";
  db().insert("articles", R"({"_id":1,"meta.tags":["n"])" + padding + "}");
  set("1", R"(["m"])");  // no document meta: surely the name
  ASSERT_TRUE(settled());
  EXPECT_EQ(db().count("tags"), 0);
  EXPECT_EQ(state().count("dead_letters"), 0);
  db().insert("articles", R"({"_id":2,"meta":{"tags":["p"]},"meta.tags":["n"])" + padding + "}");
  set("2", R"(["q"])");
  ASSERT_TRUE(settled());
  EXPECT_TRUE(becomes("tags", "\"p\"", R"({"_id":"p","n":1})"));
  EXPECT_EQ(db().count("tags"), 1);
  const auto letters = state().find("dead_letters");
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].integer("error.code"), 57);
  EXPECT_NE(letters[0].text("error.message").find("dots"), std::string::npos);
}

}  // namespace
}  // namespace sluice::test
