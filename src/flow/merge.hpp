#pragma once

#include <cstdint>
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
  struct Entry {
    std::uint64_t batch = 0;  ///< the entry is free in other batches, so none is cleared between batches
    std::uint64_t hash = 0;
    const void* plan = nullptr;
    bson::Identity id;
    std::size_t write = 0;
  };

  Entry& find(const void* plan, std::uint64_t hash, const bson::Identity& id);
  void grow();

  std::vector<Write>* writes_ = nullptr;
  std::vector<Entry> table_;  ///< open addressing with linear probing; the size is a power of two
  std::size_t used_ = 0;      ///< entries of the present batch; at most half of the table
  std::uint64_t batch_ = 0;
};

}  // namespace sluice::flow
