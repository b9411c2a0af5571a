#include <cstdio>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "commands.hpp"
#include "data.hpp"
#include "filter_shapes.hpp"
#include "measure.hpp"
#include "report.hpp"

namespace storm {
namespace {

const std::string kDatabase = "conduit";
constexpr int kAwaitMs = 1000;

/// What a filter costs mongod, in microseconds for each oplog entry.
struct FilterCost {
  FilterShape shape;
  std::int64_t sent = 0;        ///< events, of the collection that is watched
  std::vector<double> watched;  ///< of entries of the watched collection, a value each round
  std::vector<double> others;   ///< of entries of another collection of the database
  std::string oplog_filter;     ///< what the server makes of the filter for the oplog, as JSON
};

std::string stages(const StreamShape& shape, const Moment& from) {
  std::string text = R"([{"$changeStream":{"startAtOperationTime":{"$timestamp":{"t":)" +
                     std::to_string(from.seconds) + R"(,"i":)" + std::to_string(from.increment) + "}}";
  if (!shape.pre_image.empty()) text += R"(,"fullDocumentBeforeChange":")" + shape.pre_image + '"';
  if (!shape.full_document.empty()) text += R"(,"fullDocument":")" + shape.full_document + '"';
  text += "}}";
  if (shape.pipeline != "[]") text += "," + shape.pipeline.substr(1, shape.pipeline.size() - 2);
  return text + "]";
}

std::int64_t events_in(const bson_t* reply) {
  bson_iter_t iter;
  bson_iter_t batch;
  bson_iter_t event;
  if (!bson_iter_init(&iter, reply) || !bson_iter_find_descendant(&iter, "cursor.nextBatch", &batch) ||
      !bson_iter_recurse(&batch, &event))
    throw std::runtime_error("the answer to a getMore has no batch");
  std::int64_t count = 0;
  while (bson_iter_next(&event)) ++count;
  return count;
}

class FilterStage {
 public:
  FilterStage(const Options& options, const Server& server)
      : options_(options), server_(server), folder_(options.server.data_parent), client_(server.client()) {
    for (const std::string& name : {kDatabase, std::string("sluice")}) drop(client_, name);
    for (const char* name : {"favorites", "articles", "other"}) create(client_, kDatabase, name);
  }

  std::vector<FilterCost> measure() {
    std::vector<FilterCost> all;
    for (FilterShape& shape : filter_shapes(shape_of({}), shape_of_shard())) {
      FilterCost& one = all.emplace_back();
      one.shape = std::move(shape);
    }
    for (const char* name : {"favorites", "other"}) {
      const bool watched = std::string_view(name) == "favorites";
      const Moment from = now(client_);
      insert_many(collection(client_, kDatabase, name), options_.sizes.favourites,
                  [](std::uint32_t i) { return favourite(i, i % 1000, i); });
      for (std::uint32_t round = 0; round < options_.rounds; ++round) {
        for (FilterCost& one : all) {
          const auto [us, sent] = cost(one.shape.stream, from);
          (watched ? one.watched : one.others).push_back(us);
          if (watched) one.sent = sent;
        }
      }
      for (FilterCost& one : all) one.oplog_filter = explain(one.shape.stream, from);
    }
    return all;
  }

 private:
  const Options& options_;
  const Server& server_;
  TemporaryDirectory folder_;
  Client client_;

  StreamShape shape_of(std::vector<std::string> flags) {
    return observe_stream(server_, {.sluice = options_.sluice,
                                    .flags = std::move(flags),
                                    .folder = folder_.path(),
                                    .uri = server_.uri(),
                                    .database = kDatabase,
                                    .rules = make_favourites(options_.sizes)->rules(),
                                    .pipeline = "filter"});
  }
  StreamShape shape_of_shard() {
    return shape_of({"--shard-count=" + std::to_string(kParts), "--shard-index=" + std::to_string(kPart)});
  }

  /// Microseconds of mongod's CPU for each oplog entry, and the number of events that were sent.
  std::pair<double, std::int64_t> cost(const StreamShape& shape, const Moment& from) {
    const double before = server_.usage().cpu_seconds;
    const std::int64_t sent = read_all(shape, from);
    return {(server_.usage().cpu_seconds - before) * 1e6 / options_.sizes.favourites, sent};
  }

  /// Reads to the end of the oplog: the server answers with an empty batch there, and only there.
  std::int64_t read_all(const StreamShape& shape, const Moment& from) {
    const Bson opened =
        command(client_, kDatabase,
                R"({"aggregate":1,"cursor":{"batchSize":0},"pipeline":)" + stages(shape, from) + "}");
    const std::string cursor =
        R"({"$numberLong":")" + std::to_string(integer_at(opened.get(), "cursor.id")) + R"("})";
    const std::string more = R"({"getMore":)" + cursor + R"(,"collection":"$cmd.aggregate","batchSize":)" +
                             std::to_string(options_.cursor_batch) + R"(,"maxTimeMS":)" +
                             std::to_string(kAwaitMs) + "}";
    std::int64_t sent = 0;
    while (const std::int64_t came = events_in(command(client_, kDatabase, more).get())) sent += came;
    command(client_, kDatabase, R"({"killCursors":"$cmd.aggregate","cursors":[)" + cursor + "]}");
    return sent;
  }

  std::string explain(const StreamShape& shape, const Moment& from) {
    const Bson reply = command(client_, kDatabase,
                               R"({"explain":{"aggregate":1,"cursor":{},"pipeline":)" + stages(shape, from) +
                                   R"(},"verbosity":"queryPlanner"})");
    bson_iter_t iter;
    bson_iter_t found;
    bson_t query;
    const char* path = "stages.0.$cursor.queryPlanner.parsedQuery";
    if (!bson_iter_init(&iter, reply.get()) || !bson_iter_find_descendant(&iter, path, &found)) return "{}";
    std::uint32_t size = 0;
    const std::uint8_t* data = nullptr;
    bson_iter_document(&found, &size, &data);
    if (!bson_init_static(&query, data, size)) return "{}";
    const std::unique_ptr<char, Freed<bson_free>> text(bson_as_relaxed_extended_json(&query, nullptr));
    return text.get();
  }
};

Json json_of(const FilterCost& one) {
  return Json::object()
      .set("filter", one.shape.name)
      .set("events", one.sent)
      .set("mongod_us_per_watched_entry", json_of(spread(one.watched)))
      .set("mongod_us_per_other_entry", json_of(spread(one.others)))
      .set("pipeline", Json::raw(one.shape.stream.pipeline))
      .set("oplog_filter", Json::raw(one.oplog_filter));
}

}  // namespace

/// What mongod pays for an oplog entry that a change stream does not want, and for one that it does.
int run_filter(const Options& options, const Server& server) {
  Json rows = Json::list();
  Table table({"filter", "events", "us per watched entry", "us per other entry"});
  for (const FilterCost& one : FilterStage(options, server).measure()) {
    table.row({one.shape.name, grouped(static_cast<double>(one.sent)), fixed(spread(one.watched).median),
               fixed(spread(one.others).median)});
    rows.add(json_of(one));
  }
  std::printf("%s", table.text().c_str());
  Json json = heading(options, server);
  json.set("entries", options.sizes.favourites)
      .set("shard", Json::object().set("count", kParts).set("index", kPart));
  std::printf("%s\n", save(options, "filter", json.set("rows", rows)).c_str());
  return 0;
}

}  // namespace storm
