#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "mongo/client.hpp"
#include "sinks/mongo/documents.hpp"
#include "sluice/arena.hpp"
#include "sluice/effect.hpp"

namespace sluice::audit {

/// Reads the sources of a copy plan as of one cluster time. Many targets refer to one source, in any order,
/// so sources are cached, up to 16 MiB, for all threads that compare. Thread-safe.
class SourceCache {
 public:
  using References = std::unordered_map<bson::Identity, bson::Value, sinks::IdentityHash>;

  /// The result of find(). Used by one thread.
  class Found {
   public:
    /// The source, or an absent view if it does not exist. Valid as long as this object.
    bson::View at(const bson::Value& reference) const {
      const auto found = sources_.find(bson::Identity(reference));
      return found == sources_.end() ? bson::View{} : found->second;
    }

   private:
    friend class SourceCache;
    sinks::DocumentsById sources_;
    std::shared_ptr<const void> kept_;  ///< holds the sources that were in the cache
    Arena read_;                        ///< holds the sources that were read
  };

  SourceCache(mongo::ClientPool& pool, const CopyPlan& plan, std::uint64_t at)
      : pool_(pool), plan_(plan), at_(at) {}

  /// Finds the sources of all `references`, which must outlive `found`. Blocks.
  std::optional<Error> find(const References& references, Found& found);

 private:
  struct Kept {
    Arena memory;
    sinks::DocumentsById sources;
    std::size_t bytes = 0;
  };

  std::optional<Error> read(const std::vector<bson::Value>& ids, Found& found) const;
  void keep(const bson::Value& reference, bson::View source);

  mongo::ClientPool& pool_;
  const CopyPlan& plan_;
  const std::uint64_t at_;
  std::mutex mutex_;  ///< guards kept_; taken for each batch of targets, never for each target
  std::shared_ptr<Kept> kept_ = std::make_shared<Kept>();
};

}  // namespace sluice::audit
