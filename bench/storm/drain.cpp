#include "drain.hpp"

#include <algorithm>
#include <chrono>
#include <memory>

namespace storm {
namespace {

constexpr double kPatience = 120;  // seconds that a cursor may take for all its events
constexpr int kMaxAwaitMs = 500;
constexpr int kServersFirstBatch = 101;
constexpr int kFewBatches = 4;

using Text = std::unique_ptr<char, Freed<bson_free>>;

std::string text_at(const bson_t* document, const char* path) {
  bson_iter_t iter;
  bson_iter_t found;
  if (!bson_iter_init(&iter, document) || !bson_iter_find_descendant(&iter, path, &found)) return {};
  return BSON_ITER_HOLDS_UTF8(&found) ? bson_iter_utf8(&found, nullptr) : "";
}

/// The stages after the first one, which is $changeStream, as a JSON array.
std::string stages_behind_first(const bson_t* pipeline) {
  std::string out = "[";
  bson_iter_t iter;
  if (!bson_iter_init(&iter, pipeline) || !bson_iter_next(&iter)) return "[]";
  while (bson_iter_next(&iter)) {
    std::uint32_t size = 0;
    const std::uint8_t* data = nullptr;
    bson_iter_document(&iter, &size, &data);
    bson_t stage;
    if (!bson_init_static(&stage, data, size)) continue;
    const Text text(bson_as_relaxed_extended_json(&stage, nullptr));
    if (out.size() > 1) out += ",";
    out += text.get();
  }
  return out + "]";
}

Bson options(const StreamShape& shape, int batch, Moment from) {
  Bson out;
  if (batch > 0) BSON_APPEND_INT32(out.get(), "batchSize", batch);
  BSON_APPEND_INT64(out.get(), "maxAwaitTimeMS", kMaxAwaitMs);
  BSON_APPEND_TIMESTAMP(out.get(), "startAtOperationTime", from.seconds, from.increment);
  if (!shape.full_document.empty()) BSON_APPEND_UTF8(out.get(), "fullDocument", shape.full_document.c_str());
  if (!shape.pre_image.empty())
    BSON_APPEND_UTF8(out.get(), "fullDocumentBeforeChange", shape.pre_image.c_str());
  return out;
}

void throw_if_failed(const Stream& stream) {
  bson_error_t error;
  const bson_t* reply = nullptr;
  if (mongoc_change_stream_error_document(stream.get(), &error, &reply))
    throw MongoError("change stream", error);
}

}  // namespace

StreamShape stream_of(const Client& client, const std::string& database) {
  const Bson reply = command(client, "admin",
                             R"({"aggregate":1,"cursor":{},"pipeline":[
    {"$currentOp":{"idleCursors":true,"allUsers":true}},
    {"$match":{"cursor.originatingCommand.$db":")" +
                                 database + R"(",
               "cursor.originatingCommand.pipeline.0.$changeStream":{"$exists":true}}},
    {"$project":{"pipeline":"$cursor.originatingCommand.pipeline"}}]})");
  bson_iter_t iter;
  bson_iter_t found;
  if (!bson_iter_init(&iter, reply.get()) ||
      !bson_iter_find_descendant(&iter, "cursor.firstBatch.0.pipeline", &found))
    throw std::runtime_error("no change stream is open on " + database);
  std::uint32_t size = 0;
  const std::uint8_t* data = nullptr;
  bson_iter_array(&found, &size, &data);
  bson_t pipeline;
  if (!bson_init_static(&pipeline, data, size)) throw std::runtime_error("an unreadable pipeline");
  return {stages_behind_first(&pipeline),
          text_at(reply.get(), "cursor.firstBatch.0.pipeline.0.$changeStream.fullDocument"),
          text_at(reply.get(), "cursor.firstBatch.0.pipeline.0.$changeStream.fullDocumentBeforeChange")};
}

double Drain::steady_rate() const {
  if (first_batch * kFewBatches > events) return events_per_second();
  return static_cast<double>(events - first_batch) / (seconds - first_seconds);
}

Drain drain(const Client& client, const std::string& name, const StreamShape& shape, int batch, Moment from,
            std::int64_t events, const Act& act) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  const Database database(mongoc_client_get_database(client.get(), name.c_str()));
  const Bson pipeline = json(R"({"pipeline":)" + shape.pipeline + "}");
  const auto opened = Clock::now();  // opening the stream already fetches the first batch
  const Stream stream(
      mongoc_database_watch(database.get(), pipeline.get(), options(shape, batch, from).get()));
  Drain out;
  std::int64_t bytes = 0;
  const bson_t* event = nullptr;
  while (out.events < events) {
    if (!mongoc_change_stream_next(stream.get(), &event)) {
      throw_if_failed(stream);
      if (since(opened) > kPatience) throw std::runtime_error("a bare cursor waited in vain for events");
      continue;
    }
    if (out.events++ == 0) out.first_seconds = since(opened);
    bytes += event->len;
    if (act) act({event, mongoc_change_stream_get_resume_token(stream.get())});
  }
  out.seconds = since(opened);
  out.first_batch = std::min<std::int64_t>(batch > 0 ? batch : kServersFirstBatch, out.events);
  out.megabytes = static_cast<double>(bytes) / 1e6;
  return out;
}

}  // namespace storm
