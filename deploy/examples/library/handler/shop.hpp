#pragma once

#include <mongoc/mongoc.h>

#include <memory>
#include <string>

/// The shop's data. Every function blocks, may be called by several threads and may be called again for the
/// same order: then it changes nothing more. What fails is thrown; sluice::Unprocessable where there is no
/// use in trying again.
///
///     orders     {_id, customer, status, lines: [{sku, count}], total}
///     stock      {_id: sku, left, reserved: [ids of orders]}
///     shipments  {_id: order, customer}
class Shop {
 public:
  Shop(const std::string& uri, std::string database);

  void reserve(const std::string& order);
  /// The payment provider takes `key` once.
  void charge(const std::string& order, const std::string& key);
  void release(const std::string& order);
  void ship(const std::string& order);

 private:
  class Connection;

  struct Freed {
    void operator()(mongoc_client_pool_t* pool) const { mongoc_client_pool_destroy(pool); }
  };
  std::unique_ptr<mongoc_client_pool_t, Freed> pool_;
  std::string database_;
};
