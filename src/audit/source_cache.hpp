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

/// The sources of a copy plan as they stood at one moment. Many targets refer to one source, in whichever
/// order: what was read is kept, up to a bound in bytes, for all threads that compare. Thread-safe.
class SourceCache {
 public:
  using References = std::unordered_map<bson::Identity, bson::Value, sinks::IdentityHash>;

  /// Sources that were asked for. Used by one thread.
  class Found {
   public:
    /// The source, or an absent view where there is none. Valid as long as this is.
    bson::View at(const bson::Value& reference) const {
      const auto found = sources_.find(bson::Identity(reference));
      return found == sources_.end() ? bson::View{} : found->second;
    }

   private:
    friend class SourceCache;
    sinks::DocumentsById sources_;
    std::shared_ptr<const void> kept_;  ///< holds those that were known
    Arena read_;                        ///< holds those that were not
  };

  SourceCache(mongo::ClientPool& pool, const CopyPlan& plan, std::uint64_t at)
      : pool_(pool), plan_(plan), at_(at) {}

  /// All sources that `references` name. The references have to outlive `found`.
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
  std::mutex mutex_;  ///< taken for each batch of targets, never for each target
  std::shared_ptr<Kept> kept_ = std::make_shared<Kept>();
};

}  // namespace sluice::audit
