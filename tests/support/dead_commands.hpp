#pragma once

#include <string>
#include <vector>

#include "support/fixture.hpp"

namespace sluice::test {

/// Tests with dead letters and the commands of `sluice dead`.
class DeadCommands : public PipelineTest {
 protected:
  using PipelineTest::PipelineTest;

  /// `sluice dead VERB FILE WORDS...`
  Outcome dead(const std::string& verb, std::vector<std::string> words = {},
               const std::string& file = realworld_file()) const {
    std::vector<std::string> arguments = {"dead", verb, file};
    arguments.insert(arguments.end(), words.begin(), words.end());
    const std::vector<std::string> flags = here();
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return run_sluice(arguments);
  }

  std::vector<Document> letters(const Document& filter = {}) {
    return state().find("dead_letters", filter, R"({"sort":{"at":1}})");
  }
  std::int64_t letter_count() { return state().count("dead_letters"); }

  /// The letter's id as 24 hexadecimal digits.
  static std::string id_of(const Document& letter) {
    const std::string value = letter.value("_id");  // { "$oid" : "..." }
    const auto end = value.rfind('"');
    return value.substr(end - 24, 24);
  }

  /// Inserts an article whose counter is not a number, and favourites of it, so that each becomes a dead
  /// letter.
  void poison(int article, int favourites, const std::string& value = R"("many")") {
    const std::string id = std::to_string(article);
    db().insert("articles", "{\"_id\":" + id + ",\"favoritesCount\":" + value + "}");
    std::vector<Document> documents;
    for (int i = 0; i < favourites; ++i) documents.emplace_back("{\"articleId\":" + id + "}");
    db().insert("favorites", documents);
  }
  void mend(int article) {
    db().update("articles", "{\"_id\":" + std::to_string(article) + "}", R"({"$set":{"favoritesCount":0}})");
  }
  std::int64_t favourites(int article) {
    const auto found = db().find_one("articles", "{\"_id\":" + std::to_string(article) + "}");
    return found ? found->integer("favoritesCount", -1) : -1;
  }
};

}  // namespace sluice::test
