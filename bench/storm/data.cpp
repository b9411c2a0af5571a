#include "data.hpp"

#include <algorithm>
#include <string>

namespace storm {
namespace {

constexpr std::size_t kArticleBody = 400;
constexpr std::size_t kCommentBody = 120;

const std::string& prose() {
  static const std::string text = [] {
    std::string out;
    while (out.size() < 1000) out += "The quick brown fox jumps over the lazy dog. ";
    return out;
  }();
  return text;
}

void append_oid(bson_t* document, const char* key, const bson_oid_t& oid) {
  BSON_APPEND_OID(document, key, &oid);
}

void append_text(bson_t* document, const char* key, const std::string& text) {
  bson_append_utf8(document, key, -1, text.data(), static_cast<int>(text.size()));
}

void append_author(bson_t* document, std::uint32_t author) {
  const std::string number = std::to_string(author);
  append_oid(document, "authorId", id(Kind::user, author));
  append_text(document, "authorUsername", "user" + number);
  append_text(document, "authorImage", "https://example.test/" + number + ".png");
  append_text(document, "authorBio", "I am user " + number);
}

}  // namespace

bson_oid_t id(Kind kind, std::uint32_t number) {
  bson_oid_t oid{};
  oid.bytes[0] = 0x64;
  oid.bytes[4] = static_cast<std::uint8_t>(kind);
  for (int i = 0; i < 4; ++i) oid.bytes[11 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return oid;
}

Bson by_id(Kind kind, std::uint32_t number) {
  Bson out;
  append_oid(out.get(), "_id", id(kind, number));
  return out;
}

Bson user(std::uint32_t number) {
  Bson out;
  const std::string text = std::to_string(number);
  append_oid(out.get(), "_id", id(Kind::user, number));
  append_text(out.get(), "username", "user" + text);
  append_text(out.get(), "email", "user" + text + "@example.test");
  append_text(out.get(), "image", "https://example.test/" + text + ".png");
  append_text(out.get(), "bio", "I am user " + text);
  BSON_APPEND_INT32(out.get(), "seen", 0);
  return out;
}

Bson article(std::uint32_t number, std::uint32_t author, const std::vector<std::string>& tags) {
  Bson out;
  const std::string text = std::to_string(number);
  append_oid(out.get(), "_id", id(Kind::article, number));
  append_text(out.get(), "slug", "how-to-" + text);
  append_text(out.get(), "title", "How to " + text);
  append_text(out.get(), "body", prose().substr(0, kArticleBody));
  bson_t list;
  BSON_APPEND_ARRAY_BEGIN(out.get(), "tagList", &list);
  for (std::size_t i = 0; i < tags.size(); ++i) append_text(&list, std::to_string(i).c_str(), tags[i]);
  bson_append_array_end(out.get(), &list);
  BSON_APPEND_INT32(out.get(), "favoritesCount", 0);
  append_author(out.get(), author);
  return out;
}

Bson comment(std::uint32_t number, std::uint32_t author, std::uint32_t article) {
  Bson out;
  append_oid(out.get(), "_id", id(Kind::comment, number));
  append_oid(out.get(), "articleId", id(Kind::article, article));
  append_text(out.get(), "body", prose().substr(0, kCommentBody));
  append_author(out.get(), author);
  return out;
}

Bson favourite(std::uint32_t number, std::uint32_t article, std::uint32_t user) {
  Bson out;
  append_oid(out.get(), "_id", id(Kind::favourite, number));
  append_oid(out.get(), "articleId", id(Kind::article, article));
  append_oid(out.get(), "userId", id(Kind::user, user));
  return out;
}

void drop(const Client& client, const std::string& database) {
  command(client, database, R"({"dropDatabase":1})");
}

void create(const Client& client, const std::string& database, const std::string& name) {
  command(client, database,
          R"({"create":")" + name + R"(","changeStreamPreAndPostImages":{"enabled":true}})");
}

void create_loved_articles(const Client& client, const std::string& database, std::uint32_t articles) {
  for (const char* name : {"favorites", "articles"}) create(client, database, name);
  insert_many(collection(client, database, "articles"), articles,
              [](std::uint32_t i) { return article(i, i, {}); });
}

Zipf::Zipf(std::size_t n) : cumulative_(n) {
  double sum = 0;
  for (std::size_t k = 0; k < n; ++k) cumulative_[k] = sum += 1.0 / static_cast<double>(k + 1);
  for (double& value : cumulative_) value /= sum;
}

std::uint32_t Zipf::operator()(std::mt19937_64& random) const {
  const double point = std::uniform_real_distribution<>(0, 1)(random);
  const auto found = std::lower_bound(cumulative_.begin(), cumulative_.end() - 1, point);
  return static_cast<std::uint32_t>(found - cumulative_.begin());
}

}  // namespace storm
