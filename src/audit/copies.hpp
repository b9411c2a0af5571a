#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "audit/source_cache.hpp"
#include "mongo/snapshot_cursor.hpp"
#include "sluice/projection.hpp"

namespace sluice::audit {

/// A copy that is not what its source holds. Views; valid during the visit.
struct CopyDifference {
  bson::Value target;
  bson::Value reference;
  bson::View holder;    ///< the target, or the array's element that holds the copy
  bson::View source;    ///< absent: there is no such source
  bool orphan = false;  ///< there is no source, and the plan then wants the holder removed
};

/// A range of a collection's _ids, in the server's order. Owns the bytes of both bounds.
struct IdRange {
  std::vector<std::uint8_t> from;  ///< {_id: first in the range}; empty: from the start
  std::vector<std::uint8_t> to;    ///< {_id: first of the next range}; empty: to the end
};

/// Cuts a collection into about `parts` ranges of similar size.
std::optional<Error> cut(mongo::ClientPool& pool, const std::string& database, const std::string& collection,
                         int parts, std::vector<IdRange>& ranges);

/// Compares the targets of a plan, as they stood at one moment, with their sources at that moment.
class CopyAudit {
 public:
  using Visit = std::function<void(const CopyDifference&)>;
  /// Called between batches with the number of targets looked at since the last call; false ends the audit.
  using Progress = std::function<bool(std::int64_t targets)>;

  /// `sources` holds this plan's sources at the moment `at`; it may be shared.
  CopyAudit(mongo::ClientPool& pool, const CopyPlan& plan, SourceCache& sources, std::uint64_t at)
      : pool_(pool), plan_(plan), sources_(sources), at_(at) {}

  std::optional<Error> range(const IdRange& range, const Visit& visit, const Progress& progress);
  /// Looks at a sample of `targets` targets only, picked by the server.
  std::optional<Error> sample(std::int64_t targets, const Visit& visit, const Progress& progress);

 private:
  std::optional<Error> run(bson::Builder& command, const Visit& visit, const Progress& progress);
  std::optional<Error> compare(const std::vector<bson::View>& targets, const Visit& visit);

  mongo::ClientPool& pool_;
  const CopyPlan& plan_;
  SourceCache& sources_;
  std::uint64_t at_;
};

}  // namespace sluice::audit
