#include "shop.hpp"

#include <sluice/bson.hpp>
#include <sluice/handler.hpp>

#include <optional>
#include <stdexcept>
#include <utility>

namespace {

struct Bson {
  explicit Bson(bson_t* made) : bson(made) {}
  ~Bson() { bson_destroy(bson); }
  Bson(const Bson&) = delete;
  Bson& operator=(const Bson&) = delete;
  bson_t* bson;
};

bson_t* by_id(const std::string& id) {
  return BCON_NEW("_id", BCON_UTF8(id.c_str()));
}

}  // namespace

/// A client of the pool's, for one step.
class Shop::Connection {
 public:
  explicit Connection(const Shop& shop)
      : pool_(shop.pool_.get()), database_(shop.database_), client_(mongoc_client_pool_pop(pool_)) {}
  ~Connection() { mongoc_client_pool_push(pool_, client_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The order as it is now; valid as long as this connection.
  sluice::bson::View order(const std::string& id) {
    const Bson filter(by_id(id));
    mongoc_collection_t* orders = mongoc_client_get_collection(client_, database_.c_str(), "orders");
    mongoc_cursor_t* cursor = mongoc_collection_find_with_opts(orders, filter.bson, nullptr, nullptr);
    const bson_t* found = nullptr;
    if (mongoc_cursor_next(cursor, &found)) order_.emplace(bson_copy(found));
    bson_error_t error{};
    const bool failed = mongoc_cursor_error(cursor, &error);
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(orders);
    if (failed) throw std::runtime_error(error.message);
    if (!order_) throw sluice::Unprocessable("the order " + id + " is gone");
    return sluice::bson::View(*order_->bson);
  }

  /// Whether a document matched. Takes `filter` and `update` over.
  bool update(const char* collection, bson_t* filter, bson_t* update, bool upsert = false) {
    const Bson where(filter);
    const Bson change(update);
    const Bson options(BCON_NEW("upsert", BCON_BOOL(upsert)));
    bson_t reply;
    bson_error_t error{};
    mongoc_collection_t* target = mongoc_client_get_collection(client_, database_.c_str(), collection);
    const bool done =
        mongoc_collection_update_one(target, where.bson, change.bson, options.bson, &reply, &error);
    mongoc_collection_destroy(target);
    const auto matched = sluice::bson::View(reply).at("matchedCount").integer();
    bson_destroy(&reply);
    if (!done) throw std::runtime_error(error.message);
    return matched.value_or(0) > 0;
  }

  /// Only from the one to the other: whoever comes second changes nothing.
  void set_status(const std::string& id, const char* from, const char* to) {
    update("orders", BCON_NEW("_id", BCON_UTF8(id.c_str()), "status", BCON_UTF8(from)),
           BCON_NEW("$set", "{", "status", BCON_UTF8(to), "}"));
  }

  void give_back(const std::string& order, sluice::bson::View lines) {
    for (const auto& [index, line] : lines) {
      const std::string sku(line.document().at("sku").text());
      const std::int64_t count = line.document().at("count").integer().value_or(0);
      update("stock", BCON_NEW("_id", BCON_UTF8(sku.c_str()), "reserved", BCON_UTF8(order.c_str())),
             BCON_NEW("$inc", "{", "left", BCON_INT64(count), "}", "$pull", "{", "reserved",
                      BCON_UTF8(order.c_str()), "}"));
    }
  }

 private:
  mongoc_client_pool_t* pool_;
  const std::string& database_;
  mongoc_client_t* client_;
  std::optional<Bson> order_;
};

Shop::Shop(const std::string& uri, std::string database) : database_(std::move(database)) {
  mongoc_uri_t* parsed = mongoc_uri_new(uri.c_str());
  if (parsed == nullptr) throw std::runtime_error("MONGODB_URI cannot be read");
  pool_.reset(mongoc_client_pool_new(parsed));
  mongoc_uri_destroy(parsed);
  mongoc_client_pool_set_error_api(pool_.get(), MONGOC_ERROR_API_VERSION_2);
}

void Shop::reserve(const std::string& id) {
  Connection shop(*this);
  const auto lines = shop.order(id).at("lines").document();
  for (const auto& [index, line] : lines) {
    const std::string sku(line.document().at("sku").text());
    const std::int64_t count = line.document().at("count").integer().value_or(0);
    const bool had_it =
        shop.update("stock", BCON_NEW("_id", BCON_UTF8(sku.c_str()), "reserved", BCON_UTF8(id.c_str())),
                    BCON_NEW("$addToSet", "{", "reserved", BCON_UTF8(id.c_str()), "}"));
    if (had_it) continue;
    const bool enough = shop.update(
        "stock", BCON_NEW("_id", BCON_UTF8(sku.c_str()), "left", "{", "$gte", BCON_INT64(count), "}"),
        BCON_NEW("$inc", "{", "left", BCON_INT64(-count), "}", "$addToSet", "{", "reserved",
                 BCON_UTF8(id.c_str()), "}"));
    if (enough) continue;
    shop.give_back(id, lines);
    return shop.set_status(id, "placed", "rejected");
  }
  shop.set_status(id, "placed", "reserved");
}

/// In the place of a payment provider, which would be sent the key: customers named broke have no money, and
/// one whose card cannot be read keeps the workflow from going on.
void Shop::charge(const std::string& id, const std::string& key) {
  Connection shop(*this);
  const std::string customer(shop.order(id).at("customer").text());
  if (customer.empty()) throw sluice::Unprocessable("the order " + id + " has no customer to charge");
  if (customer == "broke") return shop.set_status(id, "reserved", "declined");
  shop.update("payments", BCON_NEW("_id", BCON_UTF8(key.c_str())),
              BCON_NEW("$setOnInsert", "{", "order", BCON_UTF8(id.c_str()), "}"), true);
  shop.set_status(id, "reserved", "paid");
}

void Shop::release(const std::string& id) {
  Connection shop(*this);
  shop.give_back(id, shop.order(id).at("lines").document());
}

void Shop::ship(const std::string& id) {
  Connection shop(*this);
  const std::string customer(shop.order(id).at("customer").text());
  shop.update("shipments", by_id(id),
              BCON_NEW("$setOnInsert", "{", "customer", BCON_UTF8(customer.c_str()), "}"), true);
  shop.set_status(id, "paid", "shipped");
}
