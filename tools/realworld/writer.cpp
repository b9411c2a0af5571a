#include "realworld/writer.hpp"

namespace realworld {
namespace {

constexpr std::int64_t numbers_per_writer = 1'000'000;

std::string by_id(const std::string& id) {
  return "{\"_id\":" + id + "}";
}
std::string set(const std::string& field, const std::string& value) {
  return R"({"$set":{")" + field + "\":" + value + "}}";
}
std::string quote(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

}  // namespace

Writer::Writer(const std::string& uri, const std::string& database, const StormOptions& options, int number)
    : options_(options),
      mongo_(uri, database),
      random_(options.sizes.seed * 1000 + static_cast<std::uint64_t>(number)),
      first_(options.first_new + numbers_per_writer * (number + 1)) {}

void Writer::step() {
  const auto dice = below(random_, 100);
  if (dice < 48) return favorite_step();
  if (dice < 63) return tag_step();
  if (dice < 77) return article_step();
  if (dice < 90) return user_step();
  return comment_step();
}

// The _id of a random document of a kind: a seeded one, or one that this writer has added. It may have been
// deleted.
std::string Writer::user() {
  return id_of(options_.sizes.ids, Kind::user, below(random_, options_.sizes.users));
}

std::string Writer::article() {
  if (new_articles_ > 0 && chance(random_, 20)) {
    return id_of(options_.sizes.ids, Kind::article, first_ + below(random_, new_articles_));
  }
  return id_of(options_.sizes.ids, Kind::article, skewed(random_, options_.sizes.articles));
}

std::string Writer::favorite() {
  if (new_favorites_ > 0 && chance(random_, 60)) {
    return id_of(options_.sizes.ids, Kind::favorite, first_ + below(random_, new_favorites_));
  }
  return id_of(options_.sizes.ids, Kind::favorite, below(random_, options_.sizes.favorites));
}

std::string Writer::comment() {
  if (new_comments_ > 0 && chance(random_, 50)) {
    return id_of(options_.sizes.ids, Kind::comment, first_ + below(random_, new_comments_));
  }
  return id_of(options_.sizes.ids, Kind::comment, below(random_, options_.sizes.comments));
}

// A number is never used again, even if its write failed, since the server may have applied it.
std::int64_t Writer::fresh(std::int64_t& counter) const {
  return first_ + counter++;
}

void Writer::favorite_step() {
  const auto dice = below(random_, 48);
  if (dice < 24) {
    mongo_.insert("favorites",
                  "{\"_id\":" + id_of(options_.sizes.ids, Kind::favorite, fresh(new_favorites_)) +
                      ",\"articleId\":" + article() + ",\"userId\":" + user() + "}");
  } else if (dice < 37) {
    mongo_.remove("favorites", by_id(favorite()));
  } else if (dice < 42) {
    mongo_.update("favorites", by_id(favorite()), set("articleId", article()));
  } else if (dice < 45) {
    mongo_.replace("favorites", by_id(favorite()),
                   "{\"articleId\":" + article() + ",\"userId\":" + user() + "}");
  } else if (dice < 46) {
    mongo_.update("favorites", by_id(favorite()), R"({"$unset":{"articleId":""}})");
  } else if (dice < 47) {
    mongo_.update_many("favorites", "{\"articleId\":" + article() + "}", set("articleId", article()));
  } else {
    reader_in_one_go();
  }
}

/// One transaction of a reader: adds a favourite, deletes another, and moves the new one to another article.
void Writer::reader_in_one_go() {
  const std::string liked = id_of(options_.sizes.ids, Kind::favorite, fresh(new_favorites_));
  const std::string first = article();
  const std::string second = article();
  const std::string reader = user();
  const std::string disliked = favorite();
  mongo_.transaction([&] {
    mongo_.insert("favorites",
                  "{\"_id\":" + liked + ",\"articleId\":" + first + ",\"userId\":" + reader + "}");
    mongo_.remove("favorites", by_id(disliked));
    mongo_.update("favorites", by_id(liked), set("articleId", second));
  });
}

void Writer::tag_step() {
  const auto dice = below(random_, 15);
  const std::string filter = by_id(article());
  if (dice < 3) {
    mongo_.update("articles", filter, set("tagList", tag_list(random_)));
  } else if (dice < 6) {
    mongo_.update("articles", filter, R"({"$push":{"tagList":)" + quote(tag(random_)) + "}}");
  } else if (dice < 8) {
    mongo_.update("articles", filter, R"({"$addToSet":{"tagList":)" + quote(tag(random_)) + "}}");
  } else if (dice < 10) {
    mongo_.update("articles", filter, R"({"$pull":{"tagList":)" + quote(tag(random_)) + "}}");
  } else if (dice < 12) {
    mongo_.update("articles", filter, R"({"$pop":{"tagList":1}})");
  } else if (dice < 14) {
    mongo_.update("articles", "{\"_id\":" + article() + ",\"tagList.0\":{\"$exists\":true}}",
                  set("tagList.0", quote(tag(random_))));
  } else {
    mongo_.update("articles", filter, R"({"$unset":{"tagList":""}})");
  }
}

void Writer::article_step() {
  const auto dice = below(random_, 14);
  if (dice < 4) {
    mongo_.insert("articles", article_json(random_, options_.sizes, fresh(new_articles_)));
  } else if (dice < 6) {
    mongo_.remove("articles", by_id(article()));
  } else if (dice < 9) {
    mongo_.update("articles", by_id(article()), set("title", quote(sentence(random_, 6))));
  } else if (dice < 12) {
    mongo_.update("articles", by_id(article()), set("authorId", user()));
  } else {
    // An update by a pipeline, which the server may report as a replace. Fields that Sluice maintains are
    // kept.
    mongo_.update("articles", by_id(article()),
                  R"({"pipeline":[{"$replaceWith":{"$mergeObjects":["$$ROOT",{"body":)" +
                      quote(sentence(random_, 80)) + ",\"tagList\":" + tag_list(random_) +
                      ",\"authorId\":{\"$literal\":" + user() + "}}]}}]}");
  }
}

void Writer::user_step() {
  const auto dice = below(random_, 13);
  const auto n = below(random_, options_.sizes.users);
  const std::string filter = by_id(id_of(options_.sizes.ids, Kind::user, n));
  if (dice < 4) {
    mongo_.update("users", filter, set("username", quote(username(random_, n))));
  } else if (dice < 6) {
    mongo_.update("users", filter, set("image", chance(random_, 10) ? "null" : quote(image(random_))));
  } else if (dice < 8) {
    mongo_.update("users", filter, R"({"$unset":{"bio":""}})");
  } else if (dice < 10) {
    mongo_.update("users", filter, set("bio", quote(sentence(random_, 8))));
  } else if (dice < 12) {
    mongo_.replace("users", filter, user_json(random_, options_.sizes, n));
  } else {
    user_comes_back();
  }
}

/// Deletes a user and inserts it again with other values. The copies must end up with the new values.
void Writer::user_comes_back() {
  const auto n = below(random_, options_.sizes.users);
  mongo_.remove("users", by_id(id_of(options_.sizes.ids, Kind::user, n)));
  mongo_.replace("users", by_id(id_of(options_.sizes.ids, Kind::user, n)),
                 user_json(random_, options_.sizes, n), R"({"upsert":true})");
}

void Writer::comment_step() {
  const auto dice = below(random_, 10);
  if (dice < 5) {
    mongo_.insert("comments", comment_json(random_, options_.sizes, fresh(new_comments_)));
  } else if (dice < 7) {
    mongo_.remove("comments", by_id(comment()));
  } else {
    mongo_.update("comments", by_id(comment()), set("authorId", user()));
  }
}

}  // namespace realworld
