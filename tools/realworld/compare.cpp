#include "realworld/compare.hpp"

#include <algorithm>
#include <array>
#include <iomanip>
#include <set>
#include <sstream>
#include <unordered_map>

namespace realworld {
namespace {

using workbench::Document;
using workbench::Mongo;

constexpr std::size_t most_examples = 5;

struct Copied {
  const char* source;
  const char* target;
};
constexpr std::array<Copied, 3> copied = {
    {{"username", "authorUsername"}, {"image", "authorImage"}, {"bio", "authorBio"}}};

void note(Check& check, const std::string& what) {
  ++check.wrong;
  if (check.examples.size() < most_examples) check.examples.push_back(what);
}

std::string shown(const std::string& value) {
  return value.empty() ? "(absent)" : value;
}

/// Checks that every target has the same values as its author's document, and lacks those that the author
/// lacks. Targets whose author does not exist are not checked, since the rule's policy decides about them.
Check compare_copies(Mongo& mongo, const std::string& collection) {
  Check check;
  check.name = collection + ".author*";
  std::unordered_map<std::string, Document> users;
  mongo.scan("users", {}, R"({"projection":{"username":1,"image":1,"bio":1}})",
             [&](const Document& user) { users.emplace(user.key("_id"), user); });
  mongo.scan(collection, {},
             R"({"projection":{"authorId":1,"authorUsername":1,"authorImage":1,"authorBio":1}})",
             [&](const Document& target) {
               const auto user = users.find(target.key("authorId"));
               if (user == users.end()) return;
               ++check.documents;
               for (const auto& [from, to] : copied) {
                 if (user->second.key(from) == target.key(to)) continue;
                 return note(check, target.value("_id") + "." + to + " is " + shown(target.value(to)) +
                                        ", should be " + shown(user->second.value(from)));
               }
             });
  return check;
}

Check compare_favorites(Mongo& mongo) {
  Check check;
  check.name = "articles.favoritesCount";
  std::unordered_map<std::string, std::int64_t> counts;
  mongo.scan("favorites", {}, R"({"projection":{"_id":0,"articleId":1}})",
             [&](const Document& favorite) { ++counts[favorite.key("articleId")]; });
  mongo.scan("articles", {}, R"({"projection":{"favoritesCount":1}})", [&](const Document& article) {
    ++check.documents;
    const auto found = counts.find(article.key("_id"));
    const std::int64_t expected = found == counts.end() ? 0 : found->second;
    const std::int64_t stands = article.integer("favoritesCount");
    if (stands == expected) return;
    note(check, article.value("_id") + " has " + std::to_string(stands) + ", should have " +
                    std::to_string(expected));
  });
  return check;
}

std::set<std::string> distinct_tags(const Document& article) {
  std::set<std::string> tags;
  const Document list = article.child("tagList");
  for (std::uint32_t i = 0; list.has(std::to_string(i)); ++i) tags.insert(list.value(std::to_string(i)));
  return tags;
}

Check compare_tags(Mongo& mongo) {
  Check check;
  check.name = "tags.articleCount";
  std::unordered_map<std::string, std::int64_t> expected;
  mongo.scan("articles", {}, R"({"projection":{"_id":0,"tagList":1}})", [&](const Document& article) {
    for (const std::string& tag : distinct_tags(article)) ++expected[tag];
  });
  mongo.scan("tags", {}, {}, [&](const Document& tag) {
    ++check.documents;
    const std::string name = tag.value("_id");
    const std::int64_t stands = tag.integer("articleCount");
    const auto found = expected.find(name);
    if (found == expected.end())
      return note(check, name + " has " + std::to_string(stands) + ", should not exist");
    if (found->second != stands) {
      note(check, name + " has " + std::to_string(stands) + ", should have " + std::to_string(found->second));
    }
    expected.erase(found);
  });
  for (const auto& [name, count] : expected) {
    note(check, name + " is missing, should have " + std::to_string(count));
  }
  return check;
}

}  // namespace

std::vector<Check> compare(Mongo& mongo) {
  return {compare_copies(mongo, "articles"), compare_copies(mongo, "comments"), compare_favorites(mongo),
          compare_tags(mongo)};
}

bool all_right(const std::vector<Check>& checks) {
  return std::ranges::all_of(checks, [](const Check& check) { return check.wrong == 0; });
}

std::string table(const std::vector<Check>& checks) {
  std::ostringstream out;
  out << std::left << std::setw(26) << "projection" << std::right << std::setw(12) << "documents"
      << std::setw(10) << "wrong"
      << "\n";
  for (const Check& check : checks) {
    out << std::left << std::setw(26) << check.name << std::right << std::setw(12) << check.documents
        << std::setw(10) << check.wrong << "\n";
    for (const std::string& example : check.examples) out << "    " << example << "\n";
  }
  return out.str();
}

}  // namespace realworld
