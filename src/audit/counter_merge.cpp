#include "audit/counter_merge.hpp"

#include <utility>

#include "audit/expressions.hpp"
#include "bson/order.hpp"
#include "mongo/read_ahead.hpp"
#include "mongo/snapshot_cursor.hpp"
#include "sluice/arena.hpp"

namespace sluice::audit {

namespace {

constexpr int rows_in_one_answer = 2000;

/// Has the server compare strings byte by byte, as bson::server_order() does, whatever the collation of the
/// collection is.
void append_simple_collation(bson::Builder& out) {
  out.open("collation").append("locale", "simple").close();
}

/// A find that gives {_id, <field>}, sorted by _id.
bson::Builder targets_command(const CounterPlan& plan) {
  bson::Builder find;
  find.append("find", plan.collection).open("projection").append("_id", 1).append(plan.field, 1).close();
  find.open("sort").append("_id", 1).close();
  append_simple_collation(find);
  find.append("allowDiskUse", true).append("batchSize", rows_in_one_answer);
  return find;
}

/// Stages that give {v: the counted id}, one document per occurrence.
void append_counted(bson::Builder& out, const Counted& counted) {
  out.open(out.item()).open("$project").append("_id", 0);
  counted.values ? append_values(out, "v", counted.field) : append_path(out, "v", counted.field);
  out.close().close();
  if (counted.values) out.open(out.item()).append("$unwind", "$v").close();
}

/// An aggregate that gives the counted ids, {v: id}, sorted by v.
bson::Builder sources_command(const Counted& counted) {
  bson::Builder aggregate;
  aggregate.append("aggregate", counted.source).open_array("pipeline");
  append_counted(aggregate, counted);
  aggregate.open(aggregate.item()).open("$match").open("v").append("$exists", true);
  aggregate.close().close().close();
  aggregate.open(aggregate.item()).open("$sort").append("v", 1).close().close();
  aggregate.close();
  append_simple_collation(aggregate);
  aggregate.append("allowDiskUse", true);
  aggregate.open("cursor").append("batchSize", rows_in_one_answer).close();
  return aggregate;
}

/// An aggregate that gives {_id, truth}: each counted value that is an array, and how often it occurs.
bson::Builder lists_command(const Counted& counted) {
  bson::Builder aggregate;
  aggregate.append("aggregate", counted.source).open_array("pipeline");
  append_counted(aggregate, counted);
  aggregate.open(aggregate.item()).open("$match").open("v").append("$type", "array").close().close().close();
  aggregate.open(aggregate.item()).open("$group").append("_id", "$v");
  aggregate.open("truth").append("$sum", 1).close().close().close();
  aggregate.close();
  append_simple_collation(aggregate);
  aggregate.append("allowDiskUse", true);
  aggregate.open("cursor").append("batchSize", rows_in_one_answer).close();
  return aggregate;
}

/// Reads documents one by one, sorted by the value under `key`.
class Sorted {
 public:
  Sorted(mongo::ClientPool& pool, const CounterPlan& plan, std::string_view collection, std::string_view key,
         bson::Builder command, std::uint64_t at)
      : key_(key), collection_(collection), rows_(pool, plan.database, collection_, std::move(command), at) {}

  /// Whether there is a current document. If so, document() is valid until the next step.
  bool there() const { return place_ < documents_.size(); }
  bson::View document() const { return documents_[place_]; }
  const bson::Value& key() const { return now_; }
  /// Whether documents were left out because their key is an array.
  bool had_lists() const { return had_lists_; }

  /// Moves to the next document whose key can be an _id. `between` is called before the current answer of the
  /// server is released.
  template <typename Between>
  std::optional<Error> step(Between between) {
    do {
      if (place_ + 1 < documents_.size()) {
        ++place_;
      } else {
        between();
        if (auto error = next_answer()) return error;
      }
      if (!there()) return std::nullopt;
      now_ = document().at(key_);
      had_lists_ = had_lists_ || now_.is_array();
      // Arrays are left out: an _id cannot be an array, and the server sorts an array by its least element.
    } while (now_.is_array());
    return check_order();
  }

 private:
  std::optional<Error> next_answer() {
    keep_last();
    place_ = 0;
    return rows_.next(documents_);
  }

  void keep_last() {
    if (!last_ || last_.raw().data() == last_bytes_.data()) return;
    last_bytes_.assign(last_.raw().begin(), last_.raw().end());
    last_ = {last_.type(), last_bytes_};
  }

  /// An error if the keys are not sorted: the merge would then report false differences.
  std::optional<Error> check_order() {
    const bool sorted = !last_ || bson::server_order(last_, now_) <= 0;
    last_ = now_;
    if (sorted) return std::nullopt;
    return Error{ErrorKind::fatal, 0, collection_ + " came from the server in an unexpected order", false};
  }

  std::string_view key_;
  std::string collection_;
  std::vector<bson::View> documents_;
  std::size_t place_ = 0;
  bool had_lists_ = false;
  bson::Value now_;
  bson::Value last_;                      ///< the previous key
  std::vector<std::uint8_t> last_bytes_;  ///< holds its bytes when its answer has been released
  mongo::ReadAhead rows_;
};

}  // namespace

std::optional<Error> CounterMerge::run(const Visit& visit, const Progress& progress) {
  const CounterPlan& plan = *counted_.plan;
  Sorted targets(pool_, plan, plan.collection, "_id", targets_command(plan), at_);
  Sorted sources(pool_, plan, counted_.source, "v", sources_command(counted_), at_);
  std::int64_t looked_at = 0;
  const auto report = [&] { progress(std::exchange(looked_at, 0)); };
  std::vector<std::uint8_t> kept;
  const auto keep = [&] { kept.assign(sources.key().raw().begin(), sources.key().raw().end()); };

  if (auto error = targets.step(report)) return error;
  if (auto error = sources.step([] {})) return error;
  while (targets.there() || sources.there()) {
    CounterRow row;
    auto order = std::weak_ordering::equivalent;
    if (!targets.there()) order = std::weak_ordering::greater;
    if (!sources.there()) order = std::weak_ordering::less;
    if (targets.there() && sources.there()) order = bson::server_order(targets.key(), sources.key());
    row.here = order <= 0;
    if (row.here) {
      row.id = targets.key();
      row.found = targets.document().at_path(plan.field);
    } else {
      keep();  // the id must outlive the answer that it came with
      row.id = {sources.key().type(), kept};
    }
    while (order >= 0 && sources.there() && bson::server_order(row.id, sources.key()) == 0) {
      ++row.truth;
      if (auto error = sources.step([] {})) return error;
    }
    if (auto error = visit(row)) return error;
    looked_at += row.here ? 1 : 0;
    if (!row.here) continue;
    if (auto error = targets.step(report)) return error;
  }
  report();
  return counted_.values && sources.had_lists() ? lists(visit) : std::nullopt;
}

/// Visits the counted values that are arrays themselves (an array inside the counted array). An _id cannot be
/// an array, so none of them has a counter.
std::optional<Error> CounterMerge::lists(const Visit& visit) {
  bson::Builder command = lists_command(counted_);
  mongo::SnapshotCursor cursor(pool_);
  if (auto error = cursor.open(counted_.plan->database, std::string(counted_.source), command, at_)) {
    return error;
  }
  std::vector<bson::View> documents;
  while (true) {
    if (auto error = cursor.next(documents)) return error;
    if (documents.empty()) return std::nullopt;
    for (const bson::View document : documents) {
      if (auto error = visit(CounterRow::read(document))) return error;
    }
  }
}

}  // namespace sluice::audit
