#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "check.hpp"
#include "data.hpp"
#include "workload.hpp"

namespace storm {
namespace {

/// A collection with copies of users' fields. The documents of user u are those numbered u, u + users, ...,
/// so that neighbouring documents belong to different users, as in a database that has grown.
struct Copies {
  const char* collection;
  Kind kind;
  std::uint32_t per_user;
};

std::string oid_text(std::uint32_t user) {
  const bson_oid_t oid = id(Kind::user, user);
  char text[25];
  bson_oid_to_string(&oid, text);
  return std::string(R"({"$oid":")") + text + R"("})";
}

Bson set_field(const char* field, const std::string& value) {
  Bson out;
  bson_t set;
  BSON_APPEND_DOCUMENT_BEGIN(out.get(), "$set", &set);
  BSON_APPEND_UTF8(&set, field, value.c_str());
  bson_append_document_end(out.get(), &set);
  return out;
}

Bson selector(const char* field, const bson_oid_t& oid) {
  Bson out;
  BSON_APPEND_OID(out.get(), field, &oid);
  return out;
}

void update_many(const Client& client, const std::string& database, const char* name, const Bson& filter,
                 const Bson& change) {
  bson_error_t error;
  if (!mongoc_collection_update_many(collection(client, database, name).get(), filter.get(), change.get(),
                                     nullptr, nullptr, &error))
    throw MongoError("update", error);
}

class Users : public Workload {
 public:
  explicit Users(const Sizes& sizes) : sizes_(sizes) {}

  std::string name() const override { return "users"; }
  std::vector<std::string> collections() const override { return {"articles", "comments"}; }

  std::string rules() const override {
    return R"(  - name: author-copies
    embed:
      from: users
      into:
        - collection: articles
          reference: authorId
          set: { username: authorUsername, image: authorImage, bio: authorBio }
        - collection: comments
          reference: authorId
          set: { username: authorUsername, image: authorImage, bio: authorBio }
)";
  }

  void load(const Client& client, const std::string& database) const override {
    const std::uint32_t articles = sizes_.users * sizes_.articles_per_user;
    for (const char* collection : {"users", "articles", "comments"}) create(client, database, collection);
    for (const char* collection : {"articles", "comments"}) index_author(client, database, collection);
    insert_many(collection(client, database, "users"), sizes_.users, user);
    insert_many(collection(client, database, "articles"), articles,
                [&](std::uint32_t i) { return article(i, i % sizes_.users, {}); });
    insert_many(collection(client, database, "comments"), sizes_.users * sizes_.comments_per_user,
                [&](std::uint32_t i) { return comment(i, i % sizes_.users, i % std::max(articles, 1U)); });
  }

  void plan(std::uint32_t round) override { suffix_ = fmt::format("r{}", round); }

  std::size_t steps() const override {
    const std::uint32_t per_step = per_statement();
    return (sizes_.users + per_step - 1) / per_step;
  }

  /// Updates a range of users, or all of them, by one updateMany.
  void write(const Client& client, const std::string& database, std::size_t step) const override {
    const auto begin = static_cast<std::uint32_t>(step) * per_statement();
    const std::uint32_t end = std::min(begin + per_statement(), sizes_.users);
    command(client, database,
            R"({"update":"users","updates":[{"multi":true,"q":{"_id":{"$gte":)" + oid_text(begin) +
                R"(,"$lt":)" + oid_text(end) +
                R"(}},"u":[{"$set":{"username":{"$concat":[{"$first":{"$split":["$email","@"]}},")" +
                suffix_ + R"("]}}}]}]})");
  }

  std::int64_t events() const override { return sizes_.users; }
  std::int64_t documents() const override {
    return std::int64_t{sizes_.users} * (sizes_.articles_per_user + sizes_.comments_per_user);
  }
  bool fans() const override { return true; }

  void perfect(Writer& writer, std::size_t batch, Fan fan) const override {
    std::size_t waiting = 0;
    for (std::uint32_t number = 0; number < sizes_.users; ++number) {
      for (const Copies& copies : all_copies()) write_copies(writer, number, copies, fan);
      waiting += sizes_.articles_per_user + sizes_.comments_per_user;
      if (waiting < batch) continue;
      writer.flush();
      waiting = 0;
    }
    writer.flush();
  }

  void apply(const Client& client, const std::string& database, const bson_t* event) const override {
    bson_iter_t iter;
    bson_iter_t key;
    bson_iter_t name;
    if (!bson_iter_init(&iter, event) || !bson_iter_find_descendant(&iter, "documentKey._id", &key)) return;
    if (!bson_iter_init(&iter, event) ||
        !bson_iter_find_descendant(&iter, "updateDescription.updatedFields.username", &name))
      return;
    const Bson change = set_field("authorUsername", bson_iter_utf8(&name, nullptr));
    const Bson filter = selector("authorId", *bson_iter_oid(&key));
    for (const Copies& copies : all_copies())
      update_many(client, database, copies.collection, filter, change);
  }

  void verify(const Client& client, const std::string& database) const override {
    for (const Copies& copies : all_copies()) {
      const Counts wrong = counts(client, database, copies.collection, R"([
        {"$lookup":{"from":"users","localField":"authorId","foreignField":"_id","as":"author"}},
        {"$match":{"$expr":{"$or":[{"$ne":["$authorUsername",{"$first":"$author.username"}]},
                                   {"$ne":["$authorImage",{"$first":"$author.image"}]},
                                   {"$ne":["$authorBio",{"$first":"$author.bio"}]}]}}},
        {"$group":{"_id":"stale","n":{"$sum":1}}}])");
      expect_equal(std::string("copies in ") + copies.collection, wrong, {});
    }
  }

 private:
  Sizes sizes_;
  std::string suffix_;

  std::uint32_t per_statement() const { return sizes_.chunk == 0 ? sizes_.users : sizes_.chunk; }

  std::vector<Copies> all_copies() const {
    return {{"articles", Kind::article, sizes_.articles_per_user},
            {"comments", Kind::comment, sizes_.comments_per_user}};
  }

  void write_copies(Writer& writer, std::uint32_t number, const Copies& copies, Fan fan) const {
    const Bson change = set_field("authorUsername", "user" + std::to_string(number) + suffix_);
    if (fan == Fan::by_author)
      return writer.update_many(copies.collection, selector("authorId", id(Kind::user, number)), change);
    for (std::uint32_t k = 0; k < copies.per_user; ++k)
      writer.update_one(copies.collection, selector("_id", id(copies.kind, number + k * sizes_.users)),
                        change);
  }

  static void index_author(const Client& client, const std::string& database, const std::string& name) {
    command(client, database,
            R"({"createIndexes":")" + name + R"(","indexes":[{"key":{"authorId":1},"name":"authorId_1"}]})");
  }
};

}  // namespace

std::unique_ptr<Workload> make_users(const Sizes& sizes) {
  return std::make_unique<Users>(sizes);
}

}  // namespace storm
