#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "support/fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// What the sink of tests/programs/extended.cpp was given.
struct Line {
  int id;
  int n;
  std::string message;
};

/// Rules and sinks that a program of its own registered, used from YAML.
class Extensions : public PipelineTest {
 protected:
  Extensions() { workers_run(extended_program()); }

  std::string journal_file() const {
    return file("  - name: log\n    journal:\n      from: items\n      path: \"" + journal() +
                "\"\n      fault: \"" + fault() + "\"\n");
  }
  static std::string doubles_file_rules() {
    return "  - name: twice\n    doubles: {from: items, into: results}\n";
  }
  std::string journal() const { return (folder_.path() / "journal").string(); }
  std::string fault() const { return (folder_.path() / "fault").string(); }
  /// From now on the sink fails like this; "": not any more.
  void fail(const std::string& how) const {
    // In one step: the sink may look at any moment.
    if (how.empty()) {
      std::filesystem::remove(fault());
    } else {
      std::filesystem::rename(folder_.write("new", how), fault());
    }
  }

  std::vector<Line> lines() const {
    std::vector<Line> all;
    std::ifstream in(journal());
    for (Line line; in >> line.id >> line.n >> line.message;) all.push_back(line);
    return all;
  }
  /// Whether the journal has each of `documents` with n from 0 to `rounds`, each document in its order. What
  /// comes again must come as it came, under the same id.
  bool complete(int documents, int rounds, bool repetitions = false) const {
    std::map<int, std::vector<int>> seen;
    std::map<std::string, std::pair<int, int>> known;
    for (const Line& line : lines()) {
      const auto [found, fresh] = known.emplace(line.message, std::pair(line.id, line.n));
      if (!fresh && (!repetitions || found->second != std::pair(line.id, line.n))) return false;
      if (fresh) seen[line.id].push_back(line.n);
    }
    std::vector<int> whole;
    for (int n = 0; n <= rounds; ++n) whole.push_back(n);
    for (int id = 0; id < documents; ++id) {
      if (seen[id] != whole) return false;
    }
    return true;
  }

  void insert(int documents) {
    std::vector<Document> all;
    for (int i = 0; i < documents; ++i) all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0}");
    db().insert("items", all);
  }
  void count_up(int rounds) {
    for (int round = 0; round < rounds; ++round) db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  }
  bool waits_for(const std::string& why) {
    return soon([&] {
      const auto readiness = worker().get("/readyz");
      return readiness.status == 200 && readiness.body.find(why) != std::string::npos;
    });
  }
  Outcome program(const std::vector<std::string>& command) const {
    return run_program(extended_program(), command);
  }

  TemporaryDirectory folder_;
};

TEST_F(Extensions, ACustomRuleWritesWhatItMakes) {
  start(file(doubles_file_rules())).ready();
  db().insert("items", R"({"_id":1,"n":4})");
  db().update("items", R"({"_id":1})", R"({"$set":{"n":5}})");
  EXPECT_TRUE(becomes("results", "1", R"({"_id":1,"doubled":10})"));
  EXPECT_TRUE(settled());
  EXPECT_EQ(metric("sluice_events_applied_total"), 2);
  terminate_all();
}

TEST_F(Extensions, WhatACustomRuleThrowsIsADeadLetter) {
  start(file(doubles_file_rules())).ready();
  db().insert("items", R"({"_id":1,"n":1,"throw":true})");
  db().insert("items", R"({"_id":2,"n":1,"undeclared":true})");
  db().insert("items", R"({"_id":3,"n":1})");
  EXPECT_TRUE(becomes("results", "3", R"({"_id":3,"doubled":2})"));
  ASSERT_TRUE(settled());
  EXPECT_EQ(db().count("results"), 1) << "an event that failed has no effects";
  EXPECT_EQ(state().count("dead_letters"), 2);
  EXPECT_EQ(
      state().count("dead_letters",
                    R"({"error.code":8,"rule":"twice","error.message":{"$regex":"it threw: told to"}})"),
      1);
  EXPECT_EQ(state().count("dead_letters", R"({"error.message":{"$regex":"neither documents"}})"), 1);
  EXPECT_EQ(metric("sluice_events_dead_total"), 2);
  terminate_all();
}

TEST_F(Extensions, SettingsAreErrorsWithTheirLine) {
  const std::string bad = file(
      "  - name: a\n    doubles:\n      from: items\n      inot: results\n"
      "  - name: b\n    doubles:\n      from: items\n      into: results\n      times: 1\n"
      "  - name: c\n    journal:\n      from: items\n      path: \"-\"\n"
      "  - name: d\n    journal:\n      from: items\n      path: [x]\n"
      "  - name: e\n    jornal: {from: items}\n");
  const Outcome outcome = program(here_run({"check", bad}));
  EXPECT_EQ(outcome.exit_code, 1);
  for (const std::string line : {":7:7: 'into' is missing; is 'inot' a misspelling of it?",
                                 ":12:7: 'times' must be a whole number of at least 2, not '1'",
                                 ":16:7: 'path' cannot be standard output", ":20:13: 'path' must be a text",
                                 "rule 'e' has the unknown kind 'jornal'; did you mean 'journal'?"}) {
    EXPECT_NE(outcome.err.find(line), std::string::npos) << line << "\n" << outcome.err;
  }
  EXPECT_EQ(program(here_run({"check", journal_file()})).exit_code, 0);
  const Outcome plain = run_sluice(here_run({"check", journal_file()}));
  EXPECT_NE(plain.err.find("unknown kind 'journal'"), std::string::npos) << plain.err;
}

TEST_F(Extensions, EveryCommandKnowsThem) {
  const Outcome online = program(here_run({"check", journal_file(), "--online"}));
  EXPECT_NE(online.out.find("delivers to journal " + journal()), std::string::npos)
      << online.out << online.err;
  const Outcome options = program({"options"});
  EXPECT_NE(options.out.find("doubles (rule): Writes the double of a number.\n"
                             "  into: text, required. The collection that is written.\n"
                             "  times: whole number, default 2\n"),
            std::string::npos)
      << options.out;
  const std::string event = folder_.write(
      "event.json",
      R"({"operationType":"insert","ns":{"coll":"items"},"documentKey":{"_id":1},"fullDocument":{"_id":1,"n":21}})");
  const Outcome rule = program(here_run({"try", file(doubles_file_rules()), "twice", "--event", event}));
  EXPECT_NE(rule.out.find("\"doubled\" : 42"), std::string::npos) << rule.out << rule.err;
  const Outcome sink = program(here_run({"try", journal_file(), "log", "--event", event}));
  EXPECT_NE(sink.out.find("insert " + db().database() + ".items"), std::string::npos) << sink.out << sink.err;
}

TEST_F(Extensions, AReloadKnowsThem) {
  const std::string first = "  - name: once\n    doubles: {from: other, into: results}\n";
  start(file(first)).ready();
  file(first + doubles_file_rules());
  ASSERT_TRUE(worker().logs("configuration reloaded"));
  EXPECT_TRUE(soon([&] {
    db().insert("items", R"({"n":2})");
    return db().count("results") > 0;
  }));
  terminate_all();
}

TEST_F(Extensions, MembersOfAClusterHaveThem) {
  const std::string rules = journal_file();
  start_member(rules, 2).ready();
  insert(20);
  count_up(3);
  EXPECT_TRUE(soon([&] { return complete(20, 3); }));
  terminate_all();
}

TEST_F(Extensions, ASinkReceivesEachDocumentsChangesInTheirOrder) {
  start(journal_file(), {"--batch-docs", "20"}).ready();
  insert(50);
  count_up(10);
  EXPECT_TRUE(soon([&] { return complete(50, 10); }));
  EXPECT_TRUE(settled());
  EXPECT_EQ(metric("sluice_events_published_total"), 550);
  EXPECT_GT(metric("journal_calls_total"), 0);
  EXPECT_EQ(metric("sluice_custom_metrics_failed"), 0);
  terminate_all();
}

TEST_F(Extensions, ASinkThatIsAwayIsTriedAgain) {
  start(journal_file(), {"--batch-docs", "20"}).ready();
  fail("retry");
  insert(30);
  EXPECT_TRUE(waits_for("journal " + journal()));
  count_up(2);
  fail("");
  EXPECT_TRUE(soon([&] { return complete(30, 2); })) << "what was delivered is not sent again";
  terminate_all();
}

TEST_F(Extensions, ASinkThatThrowsIsTriedAgain) {
  start(journal_file()).ready();
  fail("throw");
  insert(5);
  EXPECT_TRUE(waits_for("its code threw: told to"));
  fail("");
  EXPECT_TRUE(soon([&] { return complete(5, 0); }));
  terminate_all();
}

TEST_F(Extensions, ASinkThatCannotBeOpenedIsTriedAgain) {
  fail("closed");
  start(journal_file()).ready();
  insert(5);
  EXPECT_TRUE(waits_for("told to stay closed"));
  fail("");
  EXPECT_TRUE(soon([&] { return complete(5, 0); }));
  terminate_all();
}

TEST_F(Extensions, ASinkThatCanNeverBeOpenedEndsTheStart) {
  start(file("  - name: log\n    journal: {from: items, path: /no/such/folder/journal}\n"));
  EXPECT_EQ(worker().wait(), 2);
  EXPECT_TRUE(worker().logs("journal /no/such/folder/journal: no such folder"));
  forget_workers();
}

TEST_F(Extensions, WhatASinkRefusesIsADeadLetterThatCanBeRetried) {
  const std::string rules = journal_file();
  start(rules).ready();
  db().insert("items", {Document(R"({"_id":0,"n":0})"), Document(R"({"_id":1,"n":0,"poison":true})"),
                        Document(R"({"_id":2,"n":0})")});
  ASSERT_TRUE(soon([&] { return state().count("dead_letters") == 1; }));
  ASSERT_TRUE(settled());
  EXPECT_EQ(lines().size(), 2U);
  EXPECT_EQ(state().count("dead_letters", R"({"rule":"log","error.code":77,"effect.sink":"journal"})"), 1);
  EXPECT_NE(program(here_run({"dead", "retry", rules, "--all"})).exit_code, 0) << "it is poison still";
  fail("lenient");
  const Outcome retried = program(here_run({"dead", "retry", rules, "--all"}));
  EXPECT_EQ(retried.exit_code, 0) << retried.out << retried.err;
  EXPECT_TRUE(complete(3, 0));
  EXPECT_EQ(state().count("dead_letters"), 0);
  terminate_all();
}

TEST_F(Extensions, ASinkThatCannotGoOnEndsTheWorkerAndLosesNothing) {
  const std::string rules = journal_file();
  start(rules).ready();
  insert(5);
  ASSERT_TRUE(soon([&] { return complete(5, 0); }));
  fail("stop");
  count_up(1);
  EXPECT_EQ(worker().wait(), 2);
  EXPECT_TRUE(worker().logs("told to stop"));
  forget_workers();
  fail("");
  start(rules).ready();
  EXPECT_TRUE(soon([&] { return complete(5, 1, true); }));
  terminate_all();
}

TEST_F(Extensions, AStopDoesNotWaitForASinkThatHangs) {
  const std::string rules = journal_file();
  start(rules, {"--drain-ms", "300"}).ready();
  fail("hang");
  insert(5);
  ASSERT_TRUE(soon([&] { return metric("journal_calls_total") > 0; }));
  EXPECT_EQ(worker().terminate(), 0);
  EXPECT_TRUE(worker().logs("everything that was under way has ended"));
  forget_workers();
  fail("");
  start(rules).ready();
  EXPECT_TRUE(soon([&] { return complete(5, 0); }));
  terminate_all();
}

TEST_F(Extensions, KillsLoseNothing) {
  const std::string rules = journal_file();
  const std::vector<std::string> flags = {"--batch-docs", "20", "--lease-ms", "2000"};
  start(rules, flags).ready();
  insert(40);
  int rounds = 0;
  for (int kill = 0; kill < 3; ++kill) {
    const std::size_t before = lines().size();
    count_up(5);
    rounds += 5;
    ASSERT_TRUE(soon([&] { return lines().size() > before + 20; }));
    worker().kill9();
    worker().wait();
    forget_workers();
    start(rules, flags).ready();
  }
  EXPECT_TRUE(soon([&] { return complete(40, rounds, true); }, 60s));
  terminate_all();
}

/// The programs of deploy/examples/library.
class LibraryExamples : public PipelineTest {};

TEST_F(LibraryExamples, AFileHasEachChangeOnceThroughKills) {
  const TemporaryDirectory folder;
  const std::string path = (folder.path() / "orders.jsonl").string();
  workers_run(library_example_program("sink"));
  const std::string rules =
      file("  - name: log\n    file: {from: orders, path: \"" + path + "\", sync: false}\n");
  const std::vector<std::string> flags = {"--batch-docs", "20", "--lease-ms", "2000"};
  const auto ids = [&] {
    std::multiset<std::string> all;
    std::istringstream in(read_file(path));
    for (std::string line; std::getline(in, line);) all.insert(Document(line).text("id"));
    return all;
  };
  start(rules, flags).ready();
  std::vector<Document> orders;
  for (int i = 0; i < 50; ++i) orders.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0}");
  db().insert("orders", orders);
  std::size_t expected = 50;
  for (int kill = 0; kill < 2; ++kill) {
    const std::size_t before = ids().size();
    for (int round = 0; round < 5; ++round) db().update_many("orders", "{}", R"({"$inc":{"n":1}})");
    expected += 250;
    ASSERT_TRUE(soon([&] { return ids().size() > before + 20; }));
    worker().kill9();
    worker().wait();
    forget_workers();
    start(rules, flags).ready();
  }
  // The last worker may have found everything done.
  db().update_many("orders", "{}", R"({"$inc":{"n":1}})");
  expected += 50;
  EXPECT_TRUE(soon([&] { return ids().size() == expected; })) << ids().size();
  const auto all = ids();
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), expected) << "each once";
  EXPECT_TRUE(settled());
  EXPECT_GT(metric("file_lines_total"), 0);
  terminate_all();
}

TEST_F(LibraryExamples, WordsFollowTheirDocuments) {
  workers_run(library_example_program("rule"));
  db().insert("articles", R"({"_id":0,"title":"It was here before"})");
  start(file("  - name: words\n    keywords: {from: articles, text: title, into: words, shortest: 3}\n"))
      .ready();
  EXPECT_TRUE(becomes("words", "0", R"({"_id":0,"words":["before","here","was"]})"));
  db().insert("articles", R"({"_id":1,"title":"On the Origin of Species, the first edition"})");
  EXPECT_TRUE(becomes("words", "1", R"({"_id":1,"words":["edition","first","origin","species","the"]})"));
  db().update("articles", R"({"_id":1})", R"({"$set":{"title":"Origin"}})");
  EXPECT_TRUE(becomes("words", "1", R"({"_id":1,"words":["origin"]})"));
  db().remove("articles", R"({"_id":1})");
  EXPECT_TRUE(vanishes("words", "1"));
  terminate_all();
}

}  // namespace
}  // namespace sluice::test
