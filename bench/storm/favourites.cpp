#include <algorithm>
#include <string>

#include "check.hpp"
#include "data.hpp"
#include "workload.hpp"

namespace storm {
namespace {

constexpr std::uint32_t kRoundSpan = 4'000'000;  // rounds use different ranges of ids
constexpr double kMostDeletes = 0.5;

struct Love {
  std::uint32_t number;
  std::uint32_t article;
  bool deleted;
};

/// Inserts of favourites, and deletes of favourites inserted earlier in the same storm.
class Favourites : public Workload {
 public:
  explicit Favourites(const Sizes& sizes) : sizes_(sizes) {}

  std::string name() const override { return "favourites"; }
  std::vector<std::string> collections() const override { return {"articles"}; }

  std::string rules() const override { return kCountFavourites; }

  void load(const Client& client, const std::string& database) const override {
    create_loved_articles(client, database, sizes_.loved_articles);
  }

  void plan(std::uint32_t round) override {
    std::mt19937_64 random(sizes_.seed * 7919 + round);
    const Zipf zipf(sizes_.loved_articles);
    const double share = std::min(sizes_.delete_share, kMostDeletes);
    std::bernoulli_distribution deletes(share);
    loves_.clear();
    std::size_t oldest = 0;  // the next one to delete; always from an earlier chunk
    std::vector<Love> standing;
    for (std::uint32_t i = 0; i < sizes_.favourites; ++i) {
      const bool settled = oldest + chunk() < standing.size();
      if (settled && deletes(random)) {
        Love love = standing[oldest++];
        love.deleted = true;
        loves_.push_back(love);
        continue;
      }
      loves_.push_back({round * kRoundSpan + i, zipf(random), false});
      if (share > 0) standing.push_back(loves_.back());
    }
  }

  std::size_t steps() const override { return (loves_.size() + chunk() - 1) / chunk(); }

  void write(const Client& client, const std::string& database, std::size_t step) const override {
    const Collection favourites = collection(client, database, "favorites");
    const Bulk bulk(mongoc_collection_create_bulk_operation_with_opts(favourites.get(),
                                                                      json(R"({"ordered":false})").get()));
    const std::size_t end = std::min((step + 1) * chunk(), loves_.size());
    for (std::size_t i = step * chunk(); i < end; ++i) {
      const Love& love = loves_[i];
      if (love.deleted)
        mongoc_bulk_operation_remove_one(bulk.get(), by_id(Kind::favourite, love.number).get());
      else
        mongoc_bulk_operation_insert(bulk.get(), favourite(love.number, love.article, love.number).get());
    }
    execute(bulk);
  }

  std::int64_t events() const override { return static_cast<std::int64_t>(loves_.size()); }
  std::int64_t documents() const override { return events(); }

  void perfect(Writer& writer, std::size_t batch, Fan) const override {
    const Bson more = json(R"({"$inc":{"favoritesCount":1}})");
    const Bson fewer = json(R"({"$inc":{"favoritesCount":-1}})");
    std::size_t waiting = 0;
    for (const Love& love : loves_) {
      writer.update_one("articles", by_id(Kind::article, love.article), love.deleted ? fewer : more);
      if (++waiting < batch) continue;
      writer.flush();
      waiting = 0;
    }
    writer.flush();
  }

  void apply(const Client& client, const std::string& database, const bson_t* event) const override {
    bson_iter_t iter;
    bson_iter_t found;
    const bool inserted =
        bson_iter_init(&iter, event) && bson_iter_find_descendant(&iter, "fullDocument.articleId", &found);
    if (!inserted && !(bson_iter_init(&iter, event) &&
                       bson_iter_find_descendant(&iter, "fullDocumentBeforeChange.articleId", &found)))
      return;
    Bson filter;
    BSON_APPEND_VALUE(filter.get(), "_id", bson_iter_value(&found));
    const Bson change =
        json(inserted ? R"({"$inc":{"favoritesCount":1}})" : R"({"$inc":{"favoritesCount":-1}})");
    bson_error_t error;
    if (!mongoc_collection_update_one(collection(client, database, "articles").get(), filter.get(),
                                      change.get(), nullptr, nullptr, &error))
      throw MongoError("update", error);
  }

  void verify(const Client& client, const std::string& database) const override {
    expect_equal(
        "articles.favoritesCount",
        counts(client, database, "articles", R"([{"$project":{"n":"$favoritesCount"}}])"),
        counts(client, database, "favorites", R"([{"$group":{"_id":"$articleId","n":{"$sum":1}}}])"));
  }

 private:
  Sizes sizes_;
  std::vector<Love> loves_;

  std::size_t chunk() const { return std::max(sizes_.chunk, 1U); }
};

}  // namespace

std::unique_ptr<Workload> make_favourites(const Sizes& sizes) {
  return std::make_unique<Favourites>(sizes);
}

}  // namespace storm
