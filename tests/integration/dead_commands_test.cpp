#include <algorithm>

#include "support/dead_commands.hpp"

namespace sluice::test {
namespace {

/// What `sluice dead` shows, and what it does with letters while a worker runs.
class DeadLetterCommands : public DeadCommands {
 protected:
  static bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }
};

TEST_F(DeadLetterCommands, AListAndItsFilters) {
  start(realworld_file()).ready();
  poison(1, 3);
  poison(2, 1, "null");
  db().insert("articles", R"({"_id":3,"tagList":[["nested"]]})");
  ASSERT_TRUE(settled());
  ASSERT_EQ(letter_count(), 5);

  const Outcome all = dead("list");
  EXPECT_EQ(all.exit_code, 0) << all.err;
  EXPECT_TRUE(holds(all.out, "ID  ")) << all.out;
  EXPECT_TRUE(holds(all.out, "favoritesCount +1 on articles 1")) << all.out;
  EXPECT_TRUE(holds(all.out, "articleCount +1 on tags")) << all.out;
  EXPECT_TRUE(holds(all.out, "5 dead letters\n")) << all.out;
  for (const Document& letter : letters()) EXPECT_TRUE(holds(all.out, id_of(letter))) << all.out;

  const auto count = [&](const std::vector<std::string>& words) {
    const Outcome outcome = dead("list", words);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const auto line = outcome.out.rfind('\n', outcome.out.size() - 2);
    return outcome.out.substr(line == std::string::npos ? 0 : line + 1);
  };
  EXPECT_EQ(count({"--rule", "tag-tally"}), "1 dead letter\n");
  EXPECT_EQ(count({"--rule", "author-copies"}), "0 dead letters\n");
  EXPECT_EQ(count({"--stream", db().database()}), "5 dead letters\n");
  EXPECT_EQ(count({"--error", "14"}), "4 dead letters\n");
  EXPECT_EQ(count({"--error", "NON-NUMERIC type"}), "4 dead letters\n");
  EXPECT_EQ(count({"--error", ".*"}), "0 dead letters\n") << "a text, not a pattern";
  EXPECT_EQ(count({"--since", "1h"}), "5 dead letters\n");
  EXPECT_EQ(count({"--until", "1h"}), "0 dead letters\n");
  EXPECT_EQ(count({"--limit", "2"}), "the newest 2 of 5 dead letters; --limit N shows more\n");
}

TEST_F(DeadLetterCommands, ALetterInFull) {
  start(realworld_file()).ready();
  poison(1, 1);
  ASSERT_TRUE(settled());
  const std::string id = id_of(letters().at(0));
  const Outcome shown = dead("show", {id});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_EQ(Document(shown.out).value("event.fullDocument"), letters()[0].value("event.fullDocument"));
  EXPECT_TRUE(holds(shown.out, "\n  \"rule\": \"favorites-count\",\n")) << shown.out;
  const Outcome lines = dead("list", {"--json"});
  EXPECT_EQ(lines.exit_code, 0) << lines.err;
  EXPECT_EQ(Document(lines.out).value("event"), Document(shown.out).value("event"));
}

TEST_F(DeadLetterCommands, ADocumentsControlCharactersAreNeverPrinted) {
  start(realworld_file()).ready();
  const std::string id = R"("1\u001b[2J\n\u009b0m\u007f forged")";
  db().insert("articles", "{\"_id\":" + id + R"(,"favoritesCount":"many"})");
  db().insert("favorites", "{\"articleId\":" + id + "}");
  ASSERT_TRUE(settled());
  ASSERT_EQ(letter_count(), 1);
  const auto printable = [](const std::string& text) {
    return text.find_first_of("\x1b\x7f\r") == std::string::npos && !holds(text, "\xc2\x9b");
  };
  const Outcome list = dead("list");
  EXPECT_TRUE(holds(list.out, "articles '1\\x1b[2J\\n\\u009b0m\\x7f forged'")) << list.out;
  EXPECT_EQ(std::ranges::count(list.out, '\n'), 3) << list.out;
  const Outcome shown = dead("show", {id_of(letters().at(0))});
  EXPECT_EQ(Document(shown.out).value("effect.id"), letters()[0].value("effect.id"));
  std::vector<std::string> words = {"verify", realworld_file()};
  for (const std::string& flag : here()) words.push_back(flag);
  const Outcome verify = run_sluice(words);
  EXPECT_TRUE(holds(verify.out, "forged\": favoritesCount")) << verify.out << verify.err;
  for (const Outcome& outcome :
       {list, shown, dead("list", {"--json"}), dead("retry", {"--all"}),
        dead("retry", {"--all", "--dry-run"}), dead("drop", {"--all", "--dry-run"}), verify}) {
    EXPECT_TRUE(printable(outcome.out + outcome.err)) << outcome.out << outcome.err;
  }
}

TEST_F(DeadLetterCommands, WhatMeansNothingIsRefused) {
  poison(1, 1);
  const auto refused = [&](const std::string& verb, const std::vector<std::string>& words,
                           const std::string& why) {
    const Outcome outcome = dead(verb, words);
    EXPECT_EQ(outcome.exit_code, 1) << outcome.out;
    EXPECT_TRUE(holds(outcome.err, why)) << outcome.err;
  };
  refused("list", {"--rule", "favorite-count"}, "did you mean 'favorites-count'?");
  refused("list", {"--stream", "nowhere"}, "unknown stream 'nowhere'");
  refused("show", {"650000010000000000000001"}, "has no dead letter 650000010000000000000001");
  refused("show", {"x"}, "'x' is not the ID of a dead letter");
  refused("retry", {}, "name the dead letters");
  refused("retry", {"650000010000000000000001"}, "has no dead letter");
  refused("retry", {"--rule", "favorites-count"}, "name the dead letters");
  refused("drop", {"650000010000000000000001", "--rule", "r"}, "filters go with --all");
  refused("drop", {"650000010000000000000001", "--all"}, "either IDs or --all");
}

TEST_F(DeadLetterCommands, AServerThatIsNotThere) {
  const Outcome outcome = run_sluice({"dead", "list", realworld_file(), "--database", "d", "--mongodb-uri",
                                      "mongodb://127.0.0.1:1/?replicaSet=rs0&serverSelectionTimeoutMS=1500"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.out, "") << "the driver's lines";
  EXPECT_TRUE(holds(outcome.err, "127.0.0.1:1")) << outcome.err;
}

TEST_F(DeadLetterCommands, ARetryIsDoneOnceItsTargetIsMended) {
  start(realworld_file()).ready();
  poison(1, 4);
  db().insert("articles", R"({"_id":2})");
  db().insert("favorites", R"({"articleId":2})");
  ASSERT_TRUE(settled());
  EXPECT_EQ(favourites(2), 1) << "the stream continues";
  ASSERT_EQ(letter_count(), 4);

  const Outcome again = dead("retry", {"--all"});
  EXPECT_EQ(again.exit_code, 5) << again.err;
  EXPECT_TRUE(holds(again.out, "refused again: ")) << again.out;
  EXPECT_TRUE(holds(again.out, "4 dead letters: 0 done, 4 still there\n")) << again.out;
  ASSERT_EQ(letter_count(), 4);
  EXPECT_EQ(letters()[0].integer("attempts"), 1);
  EXPECT_TRUE(letters()[0].has("triedAt"));
  EXPECT_EQ(letters()[0].integer("error.code"), 14);

  mend(1);
  const Outcome dry = dead("retry", {"--all", "--dry-run"});
  EXPECT_TRUE(holds(dry.out, "would do: favoritesCount +1 on articles 1")) << dry.out;
  EXPECT_EQ(letter_count(), 4);
  EXPECT_EQ(favourites(1), 0);

  const Outcome one = dead("retry", {id_of(letters()[0])});
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_TRUE(holds(one.out, ": done\n1 dead letter: 1 done\n")) << one.out;
  EXPECT_EQ(favourites(1), 1);
  EXPECT_EQ(dead("retry", {"--all", "--rule", "favorites-count"}).exit_code, 0);
  EXPECT_EQ(favourites(1), 4);
  EXPECT_EQ(letter_count(), 0);
  EXPECT_EQ(dead("retry", {"--all"}).out, "0 dead letters: 0 done\n");
  db().remove_many("favorites", R"({"articleId":1})");
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":0})"));
}

TEST_F(DeadLetterCommands, ARetryOfCopiesWritesWhatIsTrueNow) {
  db().command(R"({"create":"articles","validator":{"$or":[{"locked":{"$ne":true}},
      {"authorUsername":{"$exists":false}}]}})");
  start(realworld_file()).ready();
  std::vector<Document> articles;
  for (int i = 0; i < 50; ++i) articles.emplace_back("{\"_id\":" + std::to_string(i) + ",\"authorId\":1}");
  articles[7] = Document(R"({"_id":7,"authorId":1,"locked":true})");
  db().insert("articles", articles);
  ASSERT_TRUE(settled());
  db().insert("users", R"({"_id":1,"username":"first"})");
  db().insert("articles", R"({"_id":50,"authorId":1,"locked":true})");
  ASSERT_TRUE(settled());
  ASSERT_GE(letter_count(), 2) << "a refresh and a fill";
  EXPECT_EQ(db().count("articles", R"({"authorUsername":"first"})"), 49);

  EXPECT_EQ(dead("retry", {"--all"}).exit_code, 5);
  EXPECT_EQ(letters()[0].integer("attempts"), 1);
  // Without a worker, so that nobody else brings the copies up to date.
  terminate_all();
  db().update("users", R"({"_id":1})", R"({"$set":{"username":"second"}})");
  db().update_many("articles", R"({"locked":true})", R"({"$set":{"locked":false}})");
  const Outcome done = dead("retry", {"--all"});
  EXPECT_EQ(done.exit_code, 0) << done.out << done.err;
  EXPECT_EQ(db().count("articles", R"({"authorUsername":"second"})"), 51);
  EXPECT_EQ(letter_count(), 0);
}

TEST_F(DeadLetterCommands, WhatCannotBeRetriedSaysSoAndCanBeDropped) {
  start(realworld_file()).ready();
  db().insert("articles", R"({"_id":1})");
  db().insert("favorites", R"({"_id":1,"articleId":1})");
  ASSERT_TRUE(settled());
  db().command(R"({"collMod":"favorites","changeStreamPreAndPostImages":{"enabled":false}})");
  db().remove("favorites", R"({"_id":1})");
  ASSERT_TRUE(settled());
  ASSERT_EQ(letter_count(), 1);
  const Outcome retried = dead("retry", {"--all"});
  EXPECT_EQ(retried.exit_code, 5);
  EXPECT_TRUE(holds(retried.out, "cannot be retried: ")) << retried.out;
  EXPECT_TRUE(holds(retried.out, "sluice verify FILE --repair")) << retried.out;
  EXPECT_EQ(letters()[0].integer("attempts"), 0) << "it was not tried";

  EXPECT_TRUE(holds(dead("drop", {"--all", "--dry-run"}).out, "1 dead letter would be dropped"));
  EXPECT_EQ(letter_count(), 1);
  EXPECT_EQ(dead("drop", {"--all", "--rule", "tag-tally"}).out, "0 dead letters dropped\n");
  const Outcome dropped = dead("drop", {id_of(letters()[0])});
  EXPECT_EQ(dropped.exit_code, 0) << dropped.err;
  EXPECT_EQ(dropped.out, "1 dead letter dropped\n");
  EXPECT_EQ(letter_count(), 0);
}

TEST_F(DeadLetterCommands, ARuleThatIsNotThereAnyMore) {
  const auto rules = [](const std::string& name, const std::string& field) {
    return "  - name: " + name +
           "\n    count: { from: favorites, reference: articleId, into: articles, field: " + field + " }\n";
  };
  const std::string before = file(rules("favorites-count", "favoritesCount"));
  start(before).ready();
  poison(1, 1);
  ASSERT_TRUE(settled());
  terminate_all();
  mend(1);
  const Outcome renamed = dead("retry", {"--all"}, file(rules("favourites", "favoritesCount")));
  EXPECT_EQ(renamed.exit_code, 5) << renamed.err;
  EXPECT_TRUE(holds(renamed.out, "there is no rule 'favorites-count' any more")) << renamed.out;
  const Outcome moved = dead("retry", {"--all"}, file(rules("favorites-count", "likes")));
  EXPECT_EQ(moved.exit_code, 5) << moved.err;
  EXPECT_TRUE(holds(moved.out, "no longer maintains what the letter is about")) << moved.out;
  EXPECT_EQ(favourites(1), 0);
  EXPECT_EQ(dead("retry", {"--all"}, file(rules("favorites-count", "favoritesCount"))).exit_code, 0);
  EXPECT_EQ(favourites(1), 1);
}

}  // namespace
}  // namespace sluice::test
