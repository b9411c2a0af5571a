#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "workbench/mongo.hpp"

namespace sensors {

/// Connections to one database for several threads. What is written through them has reached a majority of
/// the replica set before it is answered.
class Connections {
 public:
  Connections(const std::string& uri, std::string database)
      : uri_(uri + (uri.find('?') == std::string::npos ? "?" : "&") + "w=majority"),
        database_(std::move(database)) {}

  /// What `work` returns, done over a connection that is its own meanwhile.
  template <class Work>
  auto use(Work work) {
    auto mongo = take();
    struct Back {
      Connections& all;
      std::unique_ptr<workbench::Mongo>& one;
      ~Back() { all.give(std::move(one)); }
    } const back{*this, mongo};
    return work(*mongo);
  }

 private:
  std::unique_ptr<workbench::Mongo> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto one = std::move(idle_.back());
        idle_.pop_back();
        return one;
      }
    }
    return std::make_unique<workbench::Mongo>(uri_, database_);
  }
  void give(std::unique_ptr<workbench::Mongo> one) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(one));
  }

  const std::string uri_;
  const std::string database_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<workbench::Mongo>> idle_;
};

}  // namespace sensors
