#include "inspect/inspect_state.hpp"

#include <fmt/format.h>

#include "checkpoint/shard_records.hpp"
#include "checkpoint/split_positions.hpp"
#include "config/state_names.hpp"
#include "mongo/end_transactions.hpp"
#include "mongo/transaction.hpp"
#include "requirements/fingerprints.hpp"
#include "sluice/bson_builder.hpp"
#include "source/oplog.hpp"

namespace sluice::inspect {

namespace {

std::int64_t seconds_of(std::uint64_t cluster_time) {
  return static_cast<std::int64_t>(cluster_time >> 32);
}

class StateInspector {
 public:
  StateInspector(mongoc_client_t* client, const requirements::Rights& rights, const Config& config,
                 const StreamConfig& stream)
      : client_(client),
        rights_(rights),
        config_(config),
        id_(config.pipeline + "/" + stream.name),
        split_(checkpoint::split_of(config.pipeline, stream)) {}

  StateReport run(const std::string& options) {
    if (!has_rights()) return std::move(report_);
    try_transaction();
    if (read_shards()) look_at_shards(options);
    look_at_oplog();
    return std::move(report_);
  }

 private:
  void say(Level level, std::string message) { report_.findings.emplace_back(level, std::move(message)); }

  mongo::Reply find(const std::string& database, const char* collection, const char* key,
                    std::string_view value) {
    bson::Builder find;
    find.append("find", collection).open("filter").append(key, value).close();
    find.open("projection").append(checkpoint::windows_field, 0).close();  // large
    return mongo::run_command(client_, database, find.finish(), mongo::Doing::reading);
  }

  bool has_rights() {
    const auto lack = rights_.missing(config_.state_database, requirements::state_accesses());
    if (lack) say(Level::error, "the state database: " + *lack);
    if (const auto blind = rights_.missing(config_.state_database, {{state::triggers, {"find"}}})) {
      say(Level::warning, "the state database: " + *blind + "; without it no trigger can run");
    }
    return !lack;
  }

  void try_transaction() {
    mongo::Transaction transaction(client_, mongo::Isolation::snapshot, nullptr);
    auto error = transaction.error();
    if (!error) {
      bson::Builder find;
      find.append("find", state::layouts).append("limit", 1);
      error = transaction.command(config_.state_database, find.finish(), mongo::Doing::reading).error;
    }
    if (error) {
      say(Level::error,
          "transactions, which keep effects and positions consistent, do not work: " + error->text());
    } else {
      say(Level::ok,
          fmt::format("the state database {} can be used, in transactions", config_.state_database));
    }
  }

  bool read_shards() {
    const mongo::Reply layouts = find(config_.state_database, state::layouts, "_id", id_);
    const bson::View layout = layouts.view().at_path("cursor.firstBatch").document().at("0").document();
    if (!layout) {
      const bool publishing = split_ && split_->publishing == id_;
      say(Level::note, id_ + " has never run here: its first start will be " +
                           (publishing ? "where " + split_->maintaining +
                                             " is, if that stream has published so far, otherwise "
                                       : "") +
                           "at the present moment");
      return false;
    }
    count_ = static_cast<int>(layout.at("count").integer().value_or(1));
    const mongo::Reply reply = find(config_.state_database, state::shards, "streamId", id_);
    now_ = seconds_of(reply.view().at("operationTime").timestamp());
    const bson::View shards = reply.view().at_path("cursor.firstBatch").document();
    for (const auto& [index, shard] : shards)
      shards_.push_back(checkpoint::ShardRecord::read(shard.document()));
    if (count_ != config_.parts()) {
      say(Level::note, fmt::format("positions are stored for {} shards, this configuration has {}: they are "
                                   "carried over once the workers of the old layout have stopped",
                                   count_, config_.parts()));
    }
    return true;
  }

  void look_at_shards(const std::string& options) {
    bool changed = false;
    for (const checkpoint::ShardRecord& shard : shards_) {
      if (shard.count != count_) continue;
      say(Level::ok, fmt::format("shard {} of {}: {}, {}", shard.index, shard.count, position_of(shard),
                                 holder_of(shard)));
      if (!shard.floor) continue;
      const bool before_split = split_ && shard.options_hash == split_->whole_hash;
      changed |= !shard.options_hash.empty() && shard.options_hash != options && !before_split;
      if (report_.floor && report_.floor->data() <= shard.floor->data()) continue;
      report_.floor = shard.floor;
    }
    if (changed) say_changed();
    if (config_.restart_now) report_.floor.reset();
  }

  void say_changed() {
    const bool meant = config_.accept_changed_rules || config_.restart_now;
    say(meant ? Level::note : Level::error,
        "the rules have changed since the position was stored; a worker starts only with "
        "--accept-changed-rules or on_changed_rules: accept (goes on from the position), or with "
        "--restart-now (from the present moment)");
  }

  std::string position_of(const checkpoint::ShardRecord& shard) const {
    if (!shard.floor) return "no position yet";
    return "position stored " +
           span_text(std::max<std::int64_t>(0, now_ - seconds_of(shard.floor->cluster_time))) +
           " behind the server's clock";
  }

  std::string holder_of(const checkpoint::ShardRecord& shard) const {
    if (!shard.has_holder) return "held by nobody";
    if (shard.held(now_ * 1000, checkpoint::LeaseHolder{})) return "held by " + shard.holder.text();
    return "held by nobody (" + shard.holder.text() + " is gone or its lease has expired)";
  }

  /// Compares the oplog's oldest entry with the stored position. Reading the oplog needs a right that a
  /// worker can do without.
  void look_at_oplog() {
    bson::Builder find;
    find.append("find", "oplog.rs").open("sort").append("$natural", 1).close();
    find.open("projection").append("ts", 1).append("op", 1).append("o.msg", 1).close().append("limit", 1);
    const mongo::Reply reply = mongo::run_command(client_, "local", find.finish(), mongo::Doing::reading);
    const bson::View oldest = reply.view().at_path("cursor.firstBatch").document().at("0").document();
    const std::uint64_t first = oldest.at("ts").timestamp();
    if (!reply.ok() || first == 0) {
      const auto lack = rights_.missing("local", {{"oplog.rs", {"find"}}});
      say(Level::note,
          "cannot see how far the oplog reaches back, so a worker will not report its headroom either" +
              (lack ? ": " + *lack : ""));
      return;
    }
    const std::int64_t now = seconds_of(reply.view().at("operationTime").timestamp());
    // A new oplog is short because nothing is older. How long it will reach back is not known yet.
    say(Level::ok, "the oplog reaches back " + span_text(now - seconds_of(first)) +
                       (source::is_first_of_oplog(oldest)
                            ? ", to the initiation of the replica set: nothing in it has been overwritten yet"
                            : ": a worker that is stopped for longer loses its position"));
    if (report_.floor && report_.floor->cluster_time < first) {
      say(Level::error,
          "the oplog no longer reaches back to the stored position: the changes in between are lost; bring "
          "the targets up to date, then start once with --restart-now");
      report_.floor.reset();
    }
  }

  mongoc_client_t* client_;
  const requirements::Rights& rights_;
  const Config& config_;
  std::string id_;
  std::optional<checkpoint::SplitPositions> split_;
  StateReport report_;
  std::vector<checkpoint::ShardRecord> shards_;
  int count_ = 1;
  std::int64_t now_ = 0;  ///< the server's clock, in seconds
};

}  // namespace

std::string span_text(std::int64_t seconds) {
  const auto number = static_cast<double>(seconds);
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{:.1f} min", number / 60);
  if (seconds < 172800) return fmt::format("{:.1f} h", number / 3600);
  return fmt::format("{:.1f} d", number / 86400);
}

StateReport inspect_state(mongoc_client_t* client, const requirements::Rights& rights, const Config& config,
                          const StreamConfig& stream, const requirements::Rules& rules) {
  return StateInspector(client, rights, config, stream)
      .run(requirements::options_hash(stream.database, rules));
}

}  // namespace sluice::inspect
