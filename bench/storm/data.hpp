#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "mongo.hpp"

namespace storm {

/// RealWorld documents are made from a kind and a number, so that every run writes the same data.
enum class Kind : std::uint8_t { user = 1, article = 2, comment = 3, favourite = 4, other = 5 };

bson_oid_t id(Kind kind, std::uint32_t number);

Bson by_id(Kind kind, std::uint32_t number);  ///< {_id: ...}

Bson user(std::uint32_t number);
Bson article(std::uint32_t number, std::uint32_t author, const std::vector<std::string>& tags);
Bson comment(std::uint32_t number, std::uint32_t author, std::uint32_t article);
Bson favourite(std::uint32_t number, std::uint32_t article, std::uint32_t user);

void drop(const Client& client, const std::string& database);
/// Creates a collection with pre-images enabled, as RealWorld's collections have.
void create(const Client& client, const std::string& database, const std::string& collection);

/// The item of a rules file that counts articles' favourites.
inline constexpr const char* kCountFavourites =
    "  - name: favorites-count\n"
    "    count: { from: favorites, reference: articleId, into: articles, field: favoritesCount }\n";
/// Creates the collections of kCountFavourites, with so many articles and no favourites.
void create_loved_articles(const Client& client, const std::string& database, std::uint32_t articles);

/// Inserts `count` documents made by `make(i)`, in batches.
template <class Make>
void insert_many(const Collection& into, std::uint32_t count, Make make, std::uint32_t batch = 5000) {
  for (std::uint32_t begin = 0; begin < count; begin += batch) {
    Bulk bulk(mongoc_collection_create_bulk_operation_with_opts(into.get(), nullptr));
    for (std::uint32_t i = begin; i < count && i < begin + batch; ++i)
      mongoc_bulk_operation_insert(bulk.get(), make(i).get());
    execute(bulk);
  }
}

/// Random numbers 0..n-1 with a probability proportional to 1/(k+1), so that a few articles get most
/// favourites.
class Zipf {
 public:
  explicit Zipf(std::size_t n);
  std::uint32_t operator()(std::mt19937_64& random) const;

 private:
  std::vector<double> cumulative_;
};

}  // namespace storm
