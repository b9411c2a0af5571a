#include "realworld/seed.hpp"

#include <stdexcept>
#include <vector>

namespace realworld {
namespace {

using workbench::Document;
using workbench::Mongo;

constexpr std::size_t chunk = 1000;

using Make = std::string (*)(Random&, const Sizes&, std::int64_t);

void fill(Mongo& mongo, const std::string& collection, std::int64_t count, Random& random, const Sizes& sizes,
          Make make) {
  std::vector<Document> documents;
  for (std::int64_t n = 0; n < count; ++n) {
    documents.emplace_back(make(random, sizes, n));
    if (documents.size() < chunk && n + 1 < count) continue;
    mongo.insert(collection, documents);
    documents.clear();
  }
}

std::string date(std::int64_t milliseconds) {
  return R"({"$date":{"$numberLong":")" + std::to_string(milliseconds) + "\"}}";
}

std::string slug(std::string title, std::int64_t n) {
  for (char& letter : title) letter = letter == ' ' ? '-' : static_cast<char>(letter | 0x20);
  return title + "-" + std::to_string(n);
}

}  // namespace

std::string user_json(Random& random, const Sizes& sizes, std::int64_t n) {
  const std::string name = username(random, n);
  std::string json = R"({"_id":)" + id_of(sizes.ids, Kind::user, n) + R"(,"username":")" + name +
                     R"(","email":")" + name + R"(@example.org","image":")" + image(random) + "\"";
  if (chance(random, 80)) json += R"(,"bio":")" + sentence(random, 9) + "\"";
  return json + "}";
}

std::string article_json(Random& random, const Sizes& sizes, std::int64_t n) {
  const std::string title = sentence(random, 6);
  return R"({"_id":)" + id_of(sizes.ids, Kind::article, n) + R"(,"slug":")" + slug(title, n) +
         R"(","title":")" + title + R"(","description":")" + sentence(random, 10) + R"(","body":")" +
         sentence(random, 60) + R"(","tagList":)" + tag_list(random) + R"(,"authorId":)" +
         id_of(sizes.ids, Kind::user, below(random, sizes.users)) + R"(,"createdAt":)" +
         date(1'700'000'000'000 + n * 60'000) + "}";
}

std::string comment_json(Random& random, const Sizes& sizes, std::int64_t n) {
  return R"({"_id":)" + id_of(sizes.ids, Kind::comment, n) + R"(,"body":")" + sentence(random, 14) +
         R"(","articleId":)" + id_of(sizes.ids, Kind::article, skewed(random, sizes.articles)) +
         R"(,"authorId":)" + id_of(sizes.ids, Kind::user, below(random, sizes.users)) + R"(,"createdAt":)" +
         date(1'700'000'500'000 + n * 30'000) + "}";
}

std::string favorite_json(Random& random, const Sizes& sizes, std::int64_t n) {
  return R"({"_id":)" + id_of(sizes.ids, Kind::favorite, n) + R"(,"articleId":)" +
         id_of(sizes.ids, Kind::article, skewed(random, sizes.articles)) + R"(,"userId":)" +
         id_of(sizes.ids, Kind::user, below(random, sizes.users)) + "}";
}

void seed(Mongo& mongo, const Sizes& sizes) {
  for (const char* collection : {"users", "articles", "comments", "favorites"}) {
    if (mongo.find_one(collection)) {
      throw std::runtime_error(mongo.database() + "." + collection +
                               " is not empty: seed another --database");
    }
  }
  Random random(sizes.seed);
  // Articles before their favourites: a counter is kept only on an existing document.
  fill(mongo, "users", sizes.users, random, sizes, user_json);
  fill(mongo, "articles", sizes.articles, random, sizes, article_json);
  fill(mongo, "comments", sizes.comments, random, sizes, comment_json);
  fill(mongo, "favorites", sizes.favorites, random, sizes, favorite_json);
}

}  // namespace realworld
