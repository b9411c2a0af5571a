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

/// A copy that differs from its source. All values are views, valid during the visit.
struct CopyDifference {
  bson::Value target;
  bson::Value reference;
  bson::View holder;    ///< the target, or the array's element that holds the copy
  bson::View source;    ///< absent: the source does not exist
  bool orphan = false;  ///< the source does not exist, and the plan has on_delete: delete
};

/// A range of a collection's _ids, in the server's order. Owns the bytes of both bounds.
struct IdRange {
  std::vector<std::uint8_t> from;  ///< {_id: first in the range}; empty: from the start
  std::vector<std::uint8_t> to;    ///< {_id: first of the next range}; empty: to the end
};

/// Cuts a collection into about `parts` ranges of similar size.
std::optional<Error> cut(mongo::ClientPool& pool, const std::string& database, const std::string& collection,
                         int parts, std::vector<IdRange>& ranges);

/// Compares the targets of a plan with their sources, both as of one cluster time.
class CopyAudit {
 public:
  using Visit = std::function<void(const CopyDifference&)>;
  /// Called between batches with the number of targets compared since the last call; false ends the audit.
  using Progress = std::function<bool(std::int64_t targets)>;

  /// `sources` caches this plan's sources as of the cluster time `at`. Several audits may share it.
  CopyAudit(mongo::ClientPool& pool, const CopyPlan& plan, SourceCache& sources, std::uint64_t at)
      : pool_(pool), plan_(plan), sources_(sources), at_(at) {}

  std::optional<Error> range(const IdRange& range, const Visit& visit, const Progress& progress);
  /// Compares only `targets` targets, picked at random by the server.
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
