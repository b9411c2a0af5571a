#include <algorithm>
#include <random>

#include "support/fixture.hpp"
#include "support/odd_documents.hpp"

namespace sluice::test {
namespace {

/// A collection that a rule keeps equal to another one.
class Mirrors : public PipelineTest {
 protected:
  std::string mirror(const std::string& more = "") const {
    return file(
        "  - name: mirror\n    write: { from: items, operations: [insert, update, replace], mode: upsert, "
        "into: "
        "mirror, values: NEW }\n"
        "  - name: unmirror\n    write: { from: items, operations: [delete], mode: delete, into: mirror }\n" +
        more);
  }
  void update(const std::string& id, const std::string& change) {
    db().update("items", R"({"_id":)" + id + "}", change);
  }
  testing::AssertionResult equal(const std::string& collection = "mirror") {
    if (const auto result = settled(); !result) return result;
    const auto source = contents(db(), "items");
    const auto copy = contents(db(), collection);
    if (source == copy) return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << "items: " << text("items") << "\n"
           << collection << ": " << text(collection) << "\nSLUICE_SEED=" << random_seed();
  }

 private:
  std::string text(const std::string& collection) {
    std::string all;
    for (const Document& one : db().find(collection, {}, R"({"sort":{"_id":1}})")) all += one.json() + "\n";
    return all;
  }
};

TEST_F(Mirrors, LoseNoFieldAndKeepNoneThatIsGone) {
  start(mirror()).ready();
  db().insert("items", R"({"_id":1,"z":1,"a":{"b":1},"old":1,"gone":1})");
  update("1", R"({"$unset":{"gone":1}})");
  update("1", R"({"$rename":{"old":"new"}})");
  EXPECT_TRUE(equal());
  db().replace("items", R"({"_id":1})", R"({"only":1})");
  EXPECT_TRUE(equal());
  EXPECT_EQ(db().find_one("mirror")->json(), R"({ "_id" : 1, "only" : 1 })");
  db().remove("items", R"({"_id":1})");
  EXPECT_TRUE(equal());
  EXPECT_EQ(state().count("dead_letters"), 0);
}

TEST_F(Mirrors, TakeNoNameForAPath) {
  start(mirror()).ready();
  for (const char* name : {"a.b", "a..b", ".", "", "$x", "$set", "$ref", "$id", "x"}) {
    const Document id = value(workbench::quoted(name));
    ASSERT_TRUE(try_insert(db(), "items", with_fields({{"_id", id}, {"z", value("1")}, {name, value("2")}})));
    ASSERT_TRUE(
        try_put(db(), "items", id,
                with_fields({{"_id", id}, {"z", value("1")}, {name, value("3")}, {"a", value("{}")}})));
  }
  ASSERT_TRUE(try_put(db(), "items", value("1"),
                      with_fields({{"_id", value("1")},
                                   {"t", value(R"({"$timestamp":{"t":0,"i":0}})")},
                                   {"a", value(R"({"$ref":1,"b.c":{"":{"$x":1}}})")}})));
  EXPECT_TRUE(equal());
  EXPECT_EQ(state().count("dead_letters"), 0);
}

/// The first change makes the document, and what stands is left as it is.
TEST_F(Mirrors, AreInsertedOnceAsTheyWere) {
  start(file("  - name: first\n    write: { from: items, into: first, id: id(), values: NEW }\n")).ready();
  db().insert("first", R"({"_id":2})");
  for (const char* id : {"1", "2"}) {
    ASSERT_TRUE(try_insert(
        db(), "items",
        with_fields({{"_id", value(id)}, {"z", value("1")}, {"a.b", value("1")}, {"", value("2")}})));
  }
  ASSERT_TRUE(settled());
  const auto was = contents(db(), "items");
  for (const char* id : {"1", "2"}) update(id, R"({"$set":{"z":2}})");
  ASSERT_TRUE(settled());
  const auto copies = contents(db(), "first");
  ASSERT_EQ(copies.size(), 2U);
  EXPECT_EQ(copies[0], was[0]);
  EXPECT_EQ(db().find_one("first", R"({"_id":2})")->json(), R"({ "_id" : 2 })");
}

/// A map of expressions sets its fields beside the others; what an expression makes has names, not paths.
TEST_F(Mirrors, LeaveOtherFieldsToAMapOfValues) {
  start(file("  - name: merged\n    write: { from: items, operations: [insert], mode: upsert, into: merged, "
             "values: "
             "{ $mergeObjects: [ $NEW, { at: 7 } ] } }\n"))
      .ready();
  db().insert("merged", R"({"_id":1,"mine":1,"z":0})");
  db().insert("merged", R"({"_id":2,"mine":1,"z":0})");
  ASSERT_TRUE(
      try_insert(db(), "items", with_fields({{"_id", value("1")}, {"z", value("1")}, {"a.b", value("1")}})));
  ASSERT_TRUE(try_insert(db(), "items", with_fields({{"_id", value("2")}, {"z", value("1")}})));
  ASSERT_TRUE(settled());
  EXPECT_EQ(db().find_one("merged", R"({"_id":1})")->json(),
            R"({ "_id" : 1, "mine" : 1, "z" : 1, "a.b" : 1, "at" : 7 })");
  EXPECT_EQ(db().find_one("merged", R"({"_id":2})")->json(),
            R"({ "_id" : 2, "mine" : 1, "z" : 1, "at" : 7 })");
}

/// Whatever an application does, and under whichever names.
class RandomChanges : public Mirrors {
 protected:
  std::size_t any(std::size_t count) { return random_() % count; }

  Document document(const std::string& id) {
    std::vector<std::pair<std::string, Document>> fields{{"_id", value(id)}};
    for (std::size_t i = any(5); i > 0; --i) {
      const std::string& name = names_[any(names_.size())];
      if (std::ranges::find(fields, name, [](const auto& field) { return field.first; }) != fields.end())
        continue;
      fields.emplace_back(name, values_[any(values_.size())]);
    }
    return with_fields(fields);
  }

  void change(const std::string& id, const std::string& text) {
    try {
      update(id, text);
    } catch (const workbench::MongoError&) {
      ++refused_;  // not every document takes every change
    }
  }

  void do_anything(int operation) {
    const std::string id = std::to_string(any(25));
    const std::string plain(1, static_cast<char>('a' + any(3)));
    switch (any(8)) {
      case 0:
        try_insert(db(), "items", document(id));
        break;
      case 1:
      case 2:
        try_put(db(), "items", value(id), document(id));
        break;
      case 3:
        change(id, R"({"$unset":{")" + plain + R"(":1}})");
        break;
      case 4:
        if (plain != "c") change(id, R"({"$rename":{")" + plain + R"(":"c"}})");
        break;
      case 5:
        db().replace("items", R"({"_id":)" + id + "}", R"({"n":)" + std::to_string(operation) + "}",
                     R"({"upsert":true})");
        break;
      case 6:
        db().remove("items", R"({"_id":)" + id + "}");
        break;
      default:
        change(id, R"({"$set":{"n":)" + std::to_string(operation) + R"(,"t.u":1}})");
    }
  }

  int refused_ = 0;

 private:
  std::mt19937_64 random_{random_seed()};
  const std::vector<Document> values_ = odd_values();
  const std::vector<std::string> names_{"a", "b", "c", "a.b", "", "$x", "b.$y", "A", "\xc3\xa4"};
};

TEST_F(RandomChanges, LeaveMirrorsEqualToTheirSource) {
  start(mirror(
            "  - name: twin\n    write: { from: items, operations: [insert, update, replace], mode: upsert, "
            "into: twin, id: NEW._id, values: \"coalesce(NEW, OLD)\" }\n"
            "  - name: untwin\n    write: { from: items, operations: [delete], mode: delete, into: twin, id: "
            "OLD._id }\n"))
      .ready();
  for (int operation = 0; operation < 600; ++operation) do_anything(operation);
  EXPECT_LT(refused_, 300);
  EXPECT_TRUE(equal());
  EXPECT_TRUE(equal("twin"));
  EXPECT_EQ(state().count("dead_letters"), 0) << state().find("dead_letters", {}, R"({"limit":1})")[0].json();
}

TEST_F(Mirrors, MayBeATrigger) {
  const std::string rules = file(
      "  - name: unmirror\n    write: { from: items, operations: [delete], mode: delete, "
      "into: mirror }\n");
  start(rules).ready();
  const Outcome made = run_sluice(here_run(
      {"trigger", "create", rules,
       "CREATE TRIGGER mirror AFTER INSERT OR UPDATE ON items DO UPSERT INTO mirror ID NEW._id VALUES NEW"}));
  ASSERT_EQ(made.exit_code, 0) << made.err;
  ASSERT_TRUE(soon([&] {
    db().update("items", R"({"_id":0})", R"({"$inc":{"n":1}})", R"({"upsert":true})");
    return db().count("mirror") == 1;
  }));
  db().insert("items", R"({"_id":1,"z":1,"gone":{"a":1}})");
  update("1", R"({"$unset":{"gone":1}})");
  EXPECT_TRUE(equal());
}

}  // namespace
}  // namespace sluice::test
