#include "pipeline/reading/snapshot_pump.hpp"

#include <spdlog/logger.h>

#include <algorithm>
#include <random>

#include "requirements/requirements.hpp"
#include "source/resume_token.hpp"
#include "source/stream_filter.hpp"
#include "source/stream_narrowing.hpp"
#include "source/stream_wants.hpp"

namespace sluice::pipeline {

namespace {

constexpr auto look_every = std::chrono::seconds(1);
constexpr auto pause_of_the_unreadable = std::chrono::seconds(30);
constexpr std::int32_t documents_in_a_chunk = 1000;

bool is_past(const Error& error) {
  return error.code == mongo::snapshot_too_old || error.code == mongo::snapshot_unavailable;
}

std::vector<std::uint8_t> holder_of(const bson::Value& id) {
  bson::Builder holder;
  const bson::View made = holder.append("v", id).finish();
  return {made.data(), made.data() + made.size()};
}

bson::Value held(const std::vector<std::uint8_t>& holder) {
  return bson::View(holder.data(), holder.size()).at("v");
}

/// {$expr: {$gt: ["$_id", id]}}. Unlike {_id: {$gt: id}} it also matches ids of types that sort after this
/// one's.
void append_compared(bson::Builder& out, const char* how, const bson::Value& id) {
  out.open(out.item()).open("$expr").open_array(how).append(out.item(), "$_id");
  out.open(out.item()).append("$literal", id).close().close().close().close();
}

/// Turns a document into an event. Filters and projections treat it as an insert; append_name() then makes it
/// a snapshot event.
void append_event(bson::Builder& pipeline, const std::string& database, const std::string& collection,
                  const Position& at, std::uint64_t time) {
  pipeline.open(pipeline.item()).open("$replaceWith");
  pipeline.open("_id").append("$literal", at.view()).close();
  pipeline.append("operationType", "insert").append_timestamp("clusterTime", time);
  pipeline.append("wallTime", "$$NOW").append("fullDocument", "$$ROOT");
  pipeline.open("ns").append("db", database).append("coll", collection).close();
  pipeline.open("documentKey").append("_id", "$_id").close().close().close();
}

void append_name(bson::Builder& pipeline, std::uint16_t rule, const std::string& run) {
  pipeline.open(pipeline.item()).open("$set").append("operationType", "snapshot");
  pipeline.append("sluiceRule", static_cast<std::int32_t>(rule))
      .open("sluiceRun")
      .append("$literal", run)
      .close();
  pipeline.close().close();
}

/// Adds the paths that any rule redacts in a shared collection: as with events, they are sent for no rule.
void keep_back(Subscription& subscription, const std::vector<std::unique_ptr<Rule>>& rules) {
  for (const auto& rule : rules) {
    for (const Subscription& other : rule->subscriptions()) {
      if (!other.may_share(subscription)) continue;
      for (const std::string& path : other.redacted) {
        if (std::ranges::find(subscription.redacted, path) == subscription.redacted.end()) {
          subscription.redacted.push_back(path);
        }
      }
    }
  }
}

std::uint64_t time_of(const Position& at) {
  return source::time_of_token(at.view()).value_or(at.cluster_time);
}

/// The chunk's documents as events, which end at the position that the chunk was read at.
std::unique_ptr<source::StreamBatch> batch_of(std::vector<std::vector<std::uint8_t>> chunk,
                                              const Position& at) {
  auto batch = std::make_unique<source::StreamBatch>();
  chunk.emplace_back(at.token);
  const auto owner = std::make_shared<const std::vector<std::vector<std::uint8_t>>>(std::move(chunk));
  for (const auto& bytes : *owner) {
    batch->events.emplace_back(bytes.data(), bytes.size());
    batch->size += bytes.size();
  }
  batch->resume_token = batch->events.back();
  batch->events.pop_back();
  batch->operation_time = at.cluster_time;
  batch->owner = owner;
  return batch;
}

}  // namespace

SnapshotPump::SnapshotPump(mongo::ClientPool& pool, Options options,
                           const std::vector<std::unique_ptr<Rule>>& rules, const observe::StreamLog& log)
    : pool_(pool),
      options_(std::move(options)),
      store_(pool, options_.state_database),
      log_(log),
      not_stored_(log, "the progress of a snapshot cannot be stored yet") {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!rules[i]->has_snapshots()) continue;
    sources_.push_back({checkpoint::snapshot_id(options_.pipeline, options_.stream, rules[i]->name()),
                        static_cast<std::uint16_t>(i), rules[i]->subscriptions(),
                        rules[i]->begins_with_snapshot()});
    for (Subscription& one : sources_.back().subscriptions) keep_back(one, rules);
  }
}

std::string SnapshotPump::shard() const {
  return checkpoint::snapshot_shard(options_.shard_index, options_.shard_count);
}

std::optional<Error> SnapshotPump::ask(const Source& source, const std::string& run, bool unless_there) {
  checkpoint::SnapshotRequest request{source.id, run, {}};
  const auto client = pool_.acquire();
  if (auto error = requirements::collections_of(client.get(), options_.database, source.subscriptions,
                                                request.collections)) {
    return error;
  }
  return store_.ask(request, unless_there);
}

std::optional<Error> SnapshotPump::begin() {
  for (const Source& source : sources_) {
    if (!source.at_first_start) continue;
    if (auto error = ask(source, "first", true)) return error;
  }
  return std::nullopt;
}

std::optional<Error> SnapshotPump::begin_again() {
  for (const Source& source : sources_) {
    if (auto error = ask(source, checkpoint::new_snapshot_run(), false)) return error;
  }
  return std::nullopt;
}

bool SnapshotPump::active(flow::Time now) {
  if (sources_.empty()) return false;
  if (!looked_at_ || now >= *looked_at_ + look_every) {
    looked_at_ = now;
    store_progress(now);
    if (auto error = look(now)) log_.debug("snapshots cannot be looked for: {}", error->text());
  }
  if (!run_) return false;
  const std::lock_guard lock(shared_->mutex);
  return shared_->course->may_read(now);
}

std::optional<Error> SnapshotPump::look(flow::Time now) {
  std::vector<std::string> ids;
  for (const Source& source : sources_) ids.push_back(source.id);
  std::vector<checkpoint::SnapshotRequest> requests;
  if (auto error = store_.find(ids, requests)) return error;
  // Snapshots are read one after the other. One that cannot be read lets the others go first.
  std::erase_if(requests, [&](const checkpoint::SnapshotRequest& one) {
    const bool current = run_ && run_->request.id == one.id && run_->request.run == one.run;
    const auto finished = finished_.find(one.id);
    const bool over = finished != finished_.end() && finished->second == one.run;
    const auto waiting = waiting_.find(one.id);
    return !current && (over || (waiting != waiting_.end() && now < waiting->second));
  });
  if (run_) {
    const auto same = std::ranges::find(requests, run_->request.id, &checkpoint::SnapshotRequest::id);
    if (same != requests.end() && same->run == run_->request.run) {
      const bool alone = requests.size() == 1;
      const std::lock_guard lock(shared_->mutex);
      if (alone || !shared_->course->may_give_way()) return std::nullopt;
      waiting_[same->id] = now + pause_of_the_unreadable;
      requests.erase(same);
    }
    run_.reset();  // it lets others go first, was requested again, or is no longer requested
  }
  for (checkpoint::SnapshotRequest& request : requests) {
    const auto source = std::ranges::find(sources_, request.id, &Source::id);
    if (auto error = start(static_cast<std::size_t>(source - sources_.begin()), std::move(request)))
      return error;
    if (run_) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Error> SnapshotPump::start(std::size_t source, checkpoint::SnapshotRequest request) {
  checkpoint::ProgressOfShards all;
  if (auto error = store_.all_progress(request.id, all)) return error;
  flow::SnapshotMark mark =
      checkpoint::mark_to_go_on_from(all, request.run, options_.shard_index, options_.shard_count);
  if (mark.done) {
    // Also stored for this layout's shard, so that commands that show the progress find it.
    if (auto error = store_.put_progress(request.id, shard(), {request.run, mark})) return error;
    finished_[request.id] = request.run;
    return std::nullopt;
  }
  if (!waiting_.contains(request.id)) {
    log_.info("publishing the documents of the collections of {} {}", request.id,
              mark == flow::SnapshotMark{} ? "from the beginning" : "from where it stopped");
  }
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->course.emplace(std::move(mark), flow::SnapshotCourse::Limits{}, std::random_device{}());
  }
  run_.emplace(Run{source, std::move(request)});
  return std::nullopt;
}

const Subscription* SnapshotPump::subscription_of(const std::string& collection) const {
  const auto& all = sources_[run_->source].subscriptions;
  const auto found = std::ranges::find_if(all, [&](const auto& one) { return one.reads(collection); });
  return found == all.end() ? nullptr : &*found;
}

void SnapshotPump::append_range(bson::Builder& pipeline, const flow::SnapshotMark& from,
                                const std::vector<std::uint8_t>& end) const {
  pipeline.open(pipeline.item()).open("$match").open_array("$and");
  pipeline.open(pipeline.item()).close();  // an empty condition is always true
  if (!from.after.empty()) append_compared(pipeline, "$gt", held(from.after));
  if (!end.empty()) append_compared(pipeline, "$lte", held(end));
  if (options_.shard_count > 1) {
    pipeline.open(pipeline.item()).open("$expr").open_array("$eq");
    pipeline.open(pipeline.item()).open_array("$mod").open(pipeline.item()).open("$abs").open("$toLong");
    pipeline.append("$toHashedIndexKey", "$_id").close().close().close();
    pipeline.append(pipeline.item(), options_.shard_count).close().close();
    pipeline.append(pipeline.item(), options_.shard_index).close().close().close();
  }
  pipeline.close().close().close();
  pipeline.open(pipeline.item()).open("$sort").append("_id", 1).close().close();
}

/// Finds the id at which the next chunk ends; empty if it is the last chunk.
std::optional<Error> SnapshotPump::find_end(const std::string& collection, std::uint64_t read_at,
                                            const flow::SnapshotMark& from, std::vector<std::uint8_t>& end) {
  bson::Builder find;
  find.append("aggregate", collection).open_array("pipeline");
  find.open(find.item()).open("$match");
  find.open_array("$and").open(find.item()).close();
  if (!from.after.empty()) append_compared(find, "$gt", held(from.after));
  find.close().close().close();
  find.open(find.item()).open("$sort").append("_id", 1).close().close();
  find.open(find.item()).append("$skip", documents_ - 1).close();
  find.open(find.item()).append("$limit", 1).close();
  find.open(find.item()).open("$project").append("_id", 1).close().close();
  find.close().open("hint").append("_id", 1).close().open("cursor").close();
  mongo::SnapshotCursor cursor(pool_);
  if (auto error = cursor.open(options_.database, collection, find, read_at)) return error;
  std::vector<bson::View> documents;
  if (auto error = cursor.next(documents)) return error;
  end.clear();
  if (!documents.empty()) end = holder_of(documents.front().at("_id"));
  return std::nullopt;
}

/// Reads the chunk after `from`, up to `end`, as of the cluster time `read_at` (0: the present). In either
/// case its events carry the stream's position and time, because the frontier makes positions of them.
std::optional<Error> SnapshotPump::read_as_of(const Subscription& subscription, const Position& at,
                                              std::uint64_t read_at, const flow::SnapshotMark& from,
                                              std::vector<std::uint8_t>& end, Chunk& chunk) {
  if (auto error = find_end(subscription.collection, read_at, from, end)) return error;
  Subscription as_insert = subscription;
  as_insert.inserts = true;
  const source::StreamFilter filter = source::filter_of(source::number_subscriptions(std::vector{as_insert}));
  bson::Builder command;
  command.append("aggregate", subscription.collection).open_array("pipeline");
  append_range(command, from, end);
  append_event(command, options_.database, subscription.collection, at, time_of(at));
  source::append_wants(command, filter);
  source::append_narrowing(command, filter);
  append_name(command, sources_[run_->source].rule, run_->request.run);
  command.close().open("hint").append("_id", 1).close();
  command.open("cursor").append("batchSize", documents_).close();
  mongo::SnapshotCursor cursor(pool_);
  if (auto error = cursor.open(options_.database, subscription.collection, command, read_at)) return error;
  chunk.clear();
  std::vector<bson::View> documents;
  while (true) {
    if (auto error = cursor.next(documents)) return error;
    if (documents.empty()) break;
    for (const bson::View one : documents) chunk.emplace_back(one.data(), one.data() + one.size());
  }
  return std::nullopt;
}

std::optional<Error> SnapshotPump::read_next(const Position& at, const flow::SnapshotMark& from,
                                             flow::SnapshotMark& behind, Chunk& chunk) {
  const std::string& collection = run_->request.collections.at(from.collection);
  std::vector<std::uint8_t> end;
  if (const Subscription* subscription = subscription_of(collection)) {
    Subscription alone = *subscription;
    alone.collection = collection;
    alone.set = nullptr;
    auto error = read_as_of(alone, at, time_of(at), from, end, chunk);
    // The stream lags by more than the server's snapshot history: read the present state instead.
    if (error && is_past(*error)) error = read_as_of(alone, at, 0, from, end, chunk);
    if (error) return error;
  }
  behind = from;
  behind.documents += static_cast<std::int64_t>(chunk.size());
  if (end.empty()) ++behind.collection;
  behind.after = std::move(end);
  behind.done = behind.collection >= run_->request.collections.size();
  return std::nullopt;
}

std::optional<Error> SnapshotPump::next(const Position& at, std::unique_ptr<source::StreamBatch>& batch,
                                        std::size_t most_documents) {
  documents_ = static_cast<std::int32_t>(std::clamp<std::size_t>(most_documents, 1, documents_in_a_chunk));
  flow::SnapshotMark from;
  {
    const std::lock_guard lock(shared_->mutex);
    from = shared_->course->read();
  }
  flow::SnapshotMark behind;
  Chunk chunk;
  if (auto error = read_next(at, from, behind, chunk)) {
    const std::lock_guard lock(shared_->mutex);
    shared_->course->read_failed(flow::Clock::now());
    return error;
  }
  auto made = batch_of(std::move(chunk), at);
  const std::uint64_t number = ++last_chunk_;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->course->handed_out(number, std::move(behind));
  }
  waiting_.erase(run_->request.id);
  made->on_done = [shared = shared_, number] {
    const std::lock_guard lock(shared->mutex);
    if (shared->course) shared->course->done(number);
  };
  batch = std::move(made);
  return std::nullopt;
}

/// After an error, the progress is stored again at a later call.
void SnapshotPump::store_progress(flow::Time now) {
  if (!run_) return;
  std::optional<flow::SnapshotMark> mark;
  {
    const std::lock_guard lock(shared_->mutex);
    mark = shared_->course->to_store(now);
  }
  if (!mark) return;
  const auto error = store_.put_progress(run_->request.id, shard(), {run_->request.run, *mark});
  {
    const std::lock_guard lock(shared_->mutex);
    error ? void(shared_->course->store_failed(now)) : shared_->course->stored(*mark);
  }
  if (error) {
    not_stored_.failed(run_->request.id + ": " + error->text(), observe::LogFields::of(*error));
    return;
  }
  not_stored_.succeeded();
  if (!mark->done) return;
  log_.info("published the documents of the collections of {}: {} documents", run_->request.id,
            mark->documents);
  finished_[run_->request.id] = run_->request.run;
  run_.reset();
}

}  // namespace sluice::pipeline
