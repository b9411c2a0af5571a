#include "audit/source_cache.hpp"

#include "mongo/snapshot_cursor.hpp"
#include "sinks/mongo/copy_plan.hpp"

namespace sluice::audit {

namespace {

constexpr std::size_t most_bytes = 16 << 20;
constexpr std::size_t most_for_one = most_bytes / 64;
constexpr std::size_t bytes_of_an_entry = 128;  // what the table needs besides the document

}  // namespace

std::optional<Error> SourceCache::find(const References& references, Found& found) {
  std::vector<bson::Value> unknown;
  {
    const std::lock_guard lock(mutex_);
    found.kept_ = kept_;
    for (const auto& [identity, reference] : references) {
      const auto known = kept_->sources.find(identity);
      if (known == kept_->sources.end()) {
        unknown.push_back(reference);
      } else {
        found.sources_.emplace(identity, known->second);
      }
    }
  }
  if (unknown.empty()) return std::nullopt;
  if (auto error = read(unknown, found)) return error;
  const std::lock_guard lock(mutex_);
  for (const bson::Value& reference : unknown) keep(reference, found.at(reference));
  return std::nullopt;
}

std::optional<Error> SourceCache::read(const std::vector<bson::Value>& ids, Found& found) const {
  bson::Builder find;
  find.append("find", plan_.source).open("filter").open("_id").open_array("$in");
  for (const bson::Value& id : ids) find.append(find.item(), id);
  find.close().close().close();
  sinks::append_projection(find, sinks::source_fields(plan_));
  mongo::SnapshotCursor cursor(pool_);
  if (auto error = cursor.open(plan_.database, plan_.source, find, at_)) return error;
  std::vector<bson::View> documents;
  while (true) {
    if (auto error = cursor.next(documents)) return error;
    if (documents.empty()) return std::nullopt;
    for (const bson::View document : documents) {
      const auto bytes = found.read_.keep({document.data(), document.size()});
      const bson::View source(bytes.data(), bytes.size());
      found.sources_[bson::Identity(source.at("_id"))] = source;
    }
  }
}

/// Adds a source, or an absent one, to the cache. A full cache drops everything; a Found object that still
/// uses dropped entries keeps them alive.
void SourceCache::keep(const bson::Value& reference, bson::View source) {
  const std::size_t bytes = reference.raw().size() + source.size() + bytes_of_an_entry;
  if (bytes > most_for_one) return;
  if (kept_->bytes + bytes > most_bytes) kept_ = std::make_shared<Kept>();
  const bson::Value key(reference.type(), kept_->memory.keep(reference.raw()));
  bson::View copy;
  if (source) {
    const auto kept = kept_->memory.keep({source.data(), source.size()});
    copy = {kept.data(), kept.size()};
  }
  if (kept_->sources.emplace(bson::Identity(key), copy).second) kept_->bytes += bytes;
}

}  // namespace sluice::audit
