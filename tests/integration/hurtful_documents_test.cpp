#include <algorithm>
#include <random>

#include "support/caching.hpp"
#include "support/dead_commands.hpp"
#include "support/odd_documents.hpp"
#include "support/publishing.hpp"
#include "support/web_service.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Documents that no rule can do with as it should: each is an event's own fault, and ends no worker.
class HurtfulDocuments : public DeadCommands {
 protected:
  std::int64_t letters_of(const std::string& rule) {
    return state().count("dead_letters", R"({"rule":")" + rule + "\"}");
  }
  /// The end of every event that was read.
  testing::AssertionResult conserved() {
    double read = 0;
    double ended = 0;
    const bool held = soon(
        [&] {
          read = metric("sluice_events_read_total");
          ended = 0;
          for (const char* end : {"applied", "published", "filtered", "dead"})
            ended += metric("sluice_events_" + std::string(end) + "_total");
          return read > 0 && read == ended;
        },
        60s);
    if (held) return testing::AssertionSuccess();
    return testing::AssertionFailure() << read << " events were read, and " << ended << " have an end\n"
                                       << worker().story();
  }
};

/// Aggregates whose number cannot stand anywhere, for no _id can be like that.
TEST_F(HurtfulDocuments, AsAggregatesAreDeadLetters) {
  const std::string rules =
      file("  - name: store\n    event_store: { from: items, into: events, aggregate: NEW.v }\n");
  start(rules).ready();
  const std::vector<const char*> impossible{R"({"$x":1})",
                                            R"({"$in":[1]})",
                                            R"({"$eq":1})",
                                            R"({"a":{"$x":1}})",
                                            R"({"a":[{"$x":1}]})",
                                            R"({"$id":1})",
                                            "[1]",
                                            R"({"$regularExpression":{"pattern":"a","options":""}})"};
  for (const char* one : impossible) db().insert("items", R"({"v":)" + std::string(one) + "}");
  const std::vector<const char*> possible{R"({"a.b":1})",
                                          R"({"$ref":"c","$id":1})",
                                          R"({"":{"":1}})",
                                          "1.0",
                                          "1",
                                          R"({"$timestamp":{"t":0,"i":0}})",
                                          R"({"$minKey":1})"};
  for (const char* one : possible)
    ASSERT_TRUE(
        try_insert(db(), "items", with_fields({{"_id", value(workbench::quoted(one))}, {"v", value(one)}})));
  ASSERT_TRUE(settled());
  EXPECT_EQ(letter_count(), static_cast<std::int64_t>(impossible.size()));
  EXPECT_EQ(db().count("events"), static_cast<std::int64_t>(possible.size()));
  EXPECT_EQ(db().count("events.heads"), static_cast<std::int64_t>(possible.size()) - 1) << "1 is 1.0";
  EXPECT_EQ(db().count("events", R"({"seq":2})"), 1);
  EXPECT_EQ(db().count("events", R"({"$expr":{"$and":[{"$eq":[{"$type":"$aggregateId"},"timestamp"]},
      {"$ne":["$aggregateId","$after.v"]}]}})"),
            0);
  EXPECT_NE(letters().at(0).text("error.message").find("cannot store as an _id"), std::string::npos);
  EXPECT_TRUE(conserved());
  EXPECT_EQ(worker().terminate(), 0);
}

/// What a tally or an upsert can keep of the same values is kept.
TEST_F(HurtfulDocuments, AsTalliedValuesAndIdsAreKeptWhereMongoDBCanHoldThem) {
  start(file("  - name: tags\n    tally: { from: items, field: v, into: tags, count: n }\n"
             "  - name: last\n    write: { from: items, mode: upsert, into: last, id: NEW.v, values: { at: "
             "NEW._id } "
             "}\n"))
      .ready();
  std::int64_t refused = 0;
  int number = 0;
  for (const Document& one : odd_values()) {
    const auto type = static_cast<bson_type_t>(one.key("v")[0]);
    if (type == BSON_TYPE_ARRAY || type == BSON_TYPE_NULL) continue;  // elements, and what is missing
    const Document id = with_fields({{"_id", one}});
    if (!try_insert(db(), "holds" + std::to_string(++number), id)) ++refused;
    try_insert(db(), "probe", id);  // each once
    ASSERT_TRUE(try_insert(db(), "items", with_fields({{"_id", value(std::to_string(number))}, {"v", one}})));
  }
  ASSERT_TRUE(settled());
  EXPECT_EQ(letters_of("tags"), refused);
  EXPECT_EQ(letters_of("last"), refused);
  EXPECT_EQ(db().count("tags"), db().count("probe"));
  EXPECT_EQ(db().count("last"), db().count("probe"));
  EXPECT_TRUE(conserved());
}

/// A letter holds as bytes what is too deep for it, and shows and retries that like any other.
TEST_F(HurtfulDocuments, ThatAreTooDeepForADeadLetterStandInItAsBytes) {
  const std::string rules = file(
      "  - name: notes\n    write: { from: items, operations: [insert], into: notes, id: id(), values: NEW "
      "}\n"
      "  - name: tags\n    tally: { from: items, field: tags, into: tags, count: n }\n");
  db().command(R"({"create":"notes","validator":{"_id":0}})");
  start(rules).ready();
  for (int levels = 176; levels <= 180; ++levels) {
    ASSERT_TRUE(try_insert(
        db(), "items",
        with_fields(
            {{"_id", value(std::to_string(levels))}, {"v", deep_value(levels)}, {"tags", value("[[1]]")}})));
  }
  ASSERT_TRUE(soon([&] { return letters_of("notes") == 5 && letters_of("tags") == 5; }));
  EXPECT_TRUE(state().count("dead_letters", R"({"eventBytes":{"$exists":true}})") >= 6);
  for (const Document& letter : letters(R"({"rule":"notes"})")) {
    const Outcome shown = dead("show", {id_of(letter)}, rules);
    EXPECT_EQ(shown.exit_code, 0) << shown.err;
    EXPECT_NE(shown.out.find("\"fullDocument\""), std::string::npos) << shown.out.substr(0, 2000);
  }
  EXPECT_NE(dead("list", {}, rules).out.find("10 dead letters"), std::string::npos);
  db().command(R"({"collMod":"notes","validator":{}})");
  const Outcome retried = dead("retry", {"--all", "--rule", "notes"}, rules);
  EXPECT_EQ(retried.exit_code, 0) << retried.out << retried.err;
  const auto notes = contents(db(), "notes");
  EXPECT_EQ(notes, contents(db(), "items"));
  EXPECT_TRUE(conserved());
  EXPECT_EQ(worker().terminate(), 0);
}

TEST_F(HurtfulDocuments, WaitForACollectionThatTakesNoDeadLetters) {
  const std::string rules =
      file("  - name: tags\n    tally: { from: items, field: tags, into: tags, count: n }\n");
  start(rules).ready();
  state().command(R"({"collMod":"dead_letters","validator":{"_id":0}})");
  db().insert("items", R"({"_id":1,"tags":[[1]]})");
  EXPECT_TRUE(worker().logs("the dead letter itself was refused"));
  state().command(R"({"collMod":"dead_letters","validator":{}})");
  ASSERT_TRUE(settled());
  EXPECT_EQ(letter_count(), 1);
}

/// Every kind of rule beside each other, over documents that are odd in every place that a rule reads.
class EveryRule : public HurtfulDocuments {
 protected:
  std::string every_rule() const {
    const std::string name = stream_name();
    return file(
        "  - name: bios\n    embed: { from: users, into: [ { collection: items, reference: ref, set: { bio: "
        "refBio } }, { collection: items, reference: \"list[].ref\", set: { bio: \"list[].bio\" } } ] }\n"
        "  - name: fans\n    count: { from: items, reference: ref, into: users, field: fans }\n"
        "  - name: tags\n    tally: { from: items, field: tags, into: tags, count: n }\n"
        "  - name: mirror\n    write: { from: items, operations: [insert, update, replace], mode: upsert, "
        "into: "
        "mirror, values: NEW }\n"
        "  - name: log\n    write: { from: items, into: log, values: { key: NEW.key, v: NEW.v } }\n"
        "  - name: first\n    write: { from: items, into: first, id: NEW.key, values: NEW }\n"
        "  - name: by-key\n    write: { from: items, mode: upsert, into: by_key, id: NEW.key, values: { v: "
        "NEW.v } "
        "}\n"
        "  - name: stamp\n    write: { from: items, mode: update, into: by_key, id: NEW.ref, values: { by: "
        "NEW._id } "
        "}\n"
        "  - name: drop\n    write: { from: items, operations: [delete], mode: delete, into: by_key, id: "
        "OLD.key }\n"
        "  - name: store\n    event_store: { from: items, into: events, aggregate: \"coalesce(NEW.key, "
        "OLD.key)\" "
        "}\n"
        "  - name: out\n    publish: { from: items, stream: " +
        name + ", subject: \"" + name +
        ".{_id}.{key}\" }\n"
        "  - name: hook\n    webhook: { from: items, url: \"" +
        service_.origin() +
        "/{op}\", headers: { X-Key: \"{key}\" }, body: '{\"v\": \"{v}\"}' }\n"
        "  - name: kept\n    cache: { from: items, refresh: { key: \"{db}:{key}\", value: \"{v}\" } }\n");
  }
  std::string stream_name() const { return stream_; }

  /// Odd values in every field that a rule reads, and as an _id.
  void change_at_random() {
    std::mt19937_64 random(random_seed());
    std::vector<Document> values = odd_values();
    for (const int levels : {177, 178, 179}) values.push_back(deep_value(levels));
    const auto any = [&](std::size_t count) { return random() % count; };
    const auto odd = [&]() -> const Document& { return values[any(values.size())]; };
    for (const Document& one : values) try_insert(db(), "users", with_fields({{"_id", one}, {"bio", odd()}}));
    const auto item = [&](const Document& id) {
      return with_fields({{"_id", id},
                          {"key", odd()},
                          {"ref", odd()},
                          {"tags", any(2) == 0 ? odd() : value(R"(["a","b","a",{"$x":1},[1],null])")},
                          {"list", any(2) == 0 ? odd() : value(R"([{"ref":1},{"ref":{"$x":1}},7])")},
                          {"v", odd()},
                          {any(2) == 0   ? "a.b"
                           : any(2) == 0 ? ""
                                         : "$x",
                           odd()}});
    };
    const auto change = [&](const Document& id) {
      switch (any(3)) {
        case 0:
          try_remove(db(), "items", id);
          break;
        default:
          try_put(db(), "items", id, item(id));
      }
    };
    std::vector<Document> ids{value("1"), value("2"), value("3")};
    for (const Document& one : values) {
      if (try_insert(db(), "items", item(one))) ids.push_back(one);
    }
    for (int i = 0; i < 150; ++i) change(ids[any(ids.size())]);
  }

  /// Large in every place that a rule reads, and as an _id more than an entry of the oplog has room for.
  void insert_large() {
    int large = 0;
    for (const char* field : {"v", "key", "ref", "tags"}) {
      for (const std::size_t bytes : {3'000'000U, 15'900'000U}) {
        const Document id = value("\"large" + std::to_string(++large) + "\"");
        try_insert(db(), "items", with_fields({{"_id", id}, {field, large_value(bytes)}}));
      }
    }
    for (const std::size_t bytes : {100'000U, 3'000'000U, 4'500'000U, 8'200'000U})
      try_insert(db(), "items", with_fields({{"_id", large_value(bytes)}}));
  }

  WebService service_;
  std::string stream_ = db().database();
};

TEST_F(EveryRule, OutlivesDocumentsThatAreMadeToHurt) {
  const std::string rules = every_rule();
  start(rules, {"--nats-url", shared_nats().url(), "--redis-url", shared_redis().url()}).ready();
  change_at_random();
  insert_large();
  db().insert("items", R"({"_id":"last","key":"last","ref":1,"tags":["last"],"v":"last"})");
  // Past a large event the way is found in several steps, each of which reads it anew.
  EXPECT_TRUE(soon([&] { return static_cast<bool>(settled()); }, 300s)) << worker().story();
  ASSERT_TRUE(worker().running()) << worker().story();
  EXPECT_TRUE(conserved()) << "SLUICE_SEED=" << random_seed();
  EXPECT_EQ(db().count("tags", R"({"_id":"last","n":1})"), 1);
  EXPECT_EQ(db().count("mirror", R"({"_id":"last"})"), 1);
  EXPECT_EQ(db().count("events", R"({"aggregateId":"last","operation":"insert"})"), 1);
  EXPECT_EQ(db().count("by_key", R"({"_id":"last","v":"last"})"), 1);
  EXPECT_TRUE(soon([&] { return shared_redis().client().get(db().database() + ":last") == "last"; }));
  EXPECT_EQ(worker().terminate(), 0) << "SLUICE_SEED=" << random_seed();
  // Nothing that it left behind hurts the next one.
  forget_workers();
  start(rules, {"--nats-url", shared_nats().url(), "--redis-url", shared_redis().url()}).ready();
  db().insert("items", R"({"_id":"next","tags":["next"]})");
  EXPECT_TRUE(soon([&] { return db().count("tags", R"({"_id":"next"})") == 1; }, 60s)) << worker().story();
}

}  // namespace
}  // namespace sluice::test
