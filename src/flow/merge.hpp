#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/batch.hpp"
#include "sluice/effect.hpp"

namespace sluice::flow {

/// Merges effects on the same target as they are added to a batch: increments add up, repeated refreshes and
/// fills become one. Messages and documents to insert (Deliver, Put) are never merged. Writes are in the
/// order in which their targets first appeared.
class Merger {
 public:
  /// Starts a batch; `writes` receives the merged writes.
  void start(std::vector<Write>& writes);

  /// Adds an effect (not a Reject) and returns the index of the write that contains it.
  std::size_t add(const Effect& effect);

 private:
  struct Key {
    const void* plan;
    std::uint64_t hash;
    bson::Identity id;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const { return key.hash; }
  };

  std::vector<Write>* writes_ = nullptr;
  std::unordered_map<Key, std::size_t, KeyHash> index_;
};

}  // namespace sluice::flow
