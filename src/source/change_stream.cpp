#include "source/change_stream.hpp"

#include <algorithm>

namespace sluice::source {

namespace {

constexpr std::int32_t failed_to_parse = 9;
constexpr auto longest_wait = std::chrono::minutes(10);

std::string seconds_text(flow::Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

/// Reads the resume token, the cluster time and the events from the batch's reply.
void read_batch(StreamBatch& batch, bson::View reply) {
  batch.operation_time = reply.at("operationTime").timestamp();
  for (const auto& [key, value] : reply.at("cursor").document()) {
    if (key == "postBatchResumeToken") batch.resume_token = value.document();
    if (key != "nextBatch" && key != "firstBatch") continue;
    for (const auto& [index, event] : value.document()) batch.events.push_back(event.document());
  }
}

}  // namespace

ChangeStream::ChangeStream(mongo::ClientPool& pool, StreamOptions options, std::shared_ptr<const void> owner)
    : owner_(std::move(owner)),
      pool_(pool),
      client_(pool.acquire()),
      patience_(pool.answer_timeout(), longest_wait),
      waits_(patience_.now()),
      options_(std::move(options)),
      session_(client_.get()) {}

ChangeStream::~ChangeStream() {
  close();
}

mongo::Reply ChangeStream::command(bson::View command) {
  const flow::Time asked = flow::Clock::now();
  mongo::Reply reply = session_.command(options_.database, command);
  if (reply.ok() || !reply.error->network || !patience_.failed(flow::Clock::now() - asked)) return reply;
  reply.error->message += "; no answer within " + seconds_text(waits_) + ", the next one may take " +
                          seconds_text(patience_.now());
  return reply;
}

void ChangeStream::renew_client() {
  if (waits_ == patience_.now() && !pool_.outdated(client_)) return;
  const flow::Duration usual = pool_.answer_timeout();
  if (usual != patience_.usual()) patience_ = flow::AwaitPolicy(usual, longest_wait);
  waits_ = patience_.now();
  auto next = waits_ == usual
                  ? pool_.acquire()
                  : pool_.acquire_patient(std::chrono::duration_cast<std::chrono::milliseconds>(waits_));
  session_.move_to(next.get());
  client_ = std::move(next);
}

void ChangeStream::append_aggregate(bson::Builder& out, const std::optional<Position>& after,
                                    bool by_time) const {
  out.append("aggregate", 1).open_array("pipeline");
  out.open(out.item()).open("$changeStream");
  if (after && by_time) out.append_timestamp("startAtOperationTime", after->cluster_time);
  // Unlike resumeAfter, startAfter also accepts the token of an invalidate event.
  if (after && !by_time) out.append("startAfter", after->view());
  const FullDocument full_document = options_.filter.full_document();
  if (full_document != FullDocument::off) {
    out.append("fullDocument", full_document == FullDocument::look_up ? "updateLookup" : "whenAvailable");
  }
  if (options_.filter.needs_pre_images()) out.append("fullDocumentBeforeChange", "whenAvailable");
  if (abilities_.tells_dotted_names) out.append("showExpandedEvents", true);
  out.close().close();
  // The events of that time up to the position are known. The server must not send them: one may be too large
  // to be sent, and what is done about that would be done to the events behind it. A known invalidate event
  // has to come again, since it closes the stream.
  if (after && by_time) {
    out.open(out.item()).open("$match").open_array("$or");
    out.open(out.item()).open("_id._data").append("$gt", after->data()).close().close();
    out.open(out.item()).append("operationType", "invalidate").close();
    out.close().close().close();
  }
  append_stages(out, options_.filter, after && !by_time ? after->data() : std::string_view{});
  if (abilities_.splits_events) out.open(out.item()).open("$changeStreamSplitLargeEvent").close().close();
  // The first answer contains no events: it only gives the position where the stream begins.
  out.close().open("cursor").append("batchSize", 0).close();
}

std::optional<Error> ChangeStream::open(const std::optional<Position>& after, Position& at,
                                        bool filter_changed) {
  close();
  renew_client();
  if (auto error = session_.begin()) return error;
  bson::Builder build_info;
  abilities_ = abilities_of(command(build_info.append("buildInfo", 1).finish()).view());
  assembler_.clear();
  invalidated_ = false;
  bson::Builder aggregate;
  const bool by_time = filter_changed && after && after->at_event;
  append_aggregate(aggregate, after, by_time);
  const mongo::Reply reply = command(aggregate.finish());
  if (!reply.ok()) {
    // The server cannot parse the token.
    std::optional<Error> error = reply.error;
    if (after && error->code == failed_to_parse) error->kind = ErrorKind::lost;
    return error;
  }
  StreamBatch first;
  read_batch(first, reply.view());
  cursor_ = reply.view().at_path("cursor.id").integer().value_or(0);
  if (first.resume_token) {
    at = Position::of(first.resume_token, first.operation_time);
  } else if (after) {
    at = *after;
  }
  return std::nullopt;
}

void ChangeStream::read_as(const flow::ReadDetail& reading) {
  options_.filter.detail = reading.detail;
  options_.filter.judging = reading.judging;
  options_.filter.pass_over = reading.pass_over;
  options_.cursor_batch = reading.batch;
}

std::optional<Error> ChangeStream::next(std::unique_ptr<StreamBatch>& batch) {
  if (cursor_ == 0) {
    return Error{ErrorKind::cursor_gone, 0,
                 invalidated_ ? "the watched database was dropped" : "the server closed the change stream",
                 false};
  }
  bson::Builder more;
  more.append("getMore", cursor_).append("collection", "$cmd.aggregate");
  const auto events = std::min(static_cast<std::size_t>(options_.cursor_batch), most_events_);
  more.append("batchSize", static_cast<std::int64_t>(events))
      .append("maxTimeMS", patient_ ? options_.max_await_ms : 1);
  auto answer = std::make_shared<Answer>();
  answer->reply = command(more.finish());
  if (!answer->reply.ok()) {
    cursor_ = 0;
    return answer->reply.error;
  }
  patience_.succeeded();
  batch = std::make_unique<StreamBatch>();
  read_batch(*batch, answer->reply.view());
  cursor_ = answer->reply.view().at_path("cursor.id").integer().value_or(0);
  invalidated_ = ends_in_invalidate(*batch);
  if (abilities_.splits_events) {
    if (auto error = assemble(*batch, *answer)) return error;
  }
  batch->size = answer->bytes();
  batch->owner = std::move(answer);
  return std::nullopt;
}

/// Joins events that came in fragments. While one is incomplete, the answer's own resume token lies inside
/// that event, where a stream must not be resumed. So the batch's token is then that of its last whole event,
/// or absent if there is none.
std::optional<Error> ChangeStream::assemble(StreamBatch& batch, Answer& answer) {
  std::vector<bson::View> whole;
  for (const bson::View event : batch.events) {
    switch (assembler_.take(event)) {
      case EventAssembler::Took::whole:
        whole.push_back(event);
        break;
      case EventAssembler::Took::part:
        break;
      case EventAssembler::Took::last: {
        const auto& bytes = answer.assembled.emplace_back(assembler_.event());
        whole.emplace_back(bytes.data(), bytes.size());
        break;
      }
      case EventAssembler::Took::misfit:
        return Error{ErrorKind::cursor_gone, 0, "the fragments of a large event arrived out of order", false};
    }
  }
  batch.events = std::move(whole);
  if (assembler_.in_mid_event()) {
    batch.resume_token = batch.events.empty() ? bson::View{} : batch.events.back().at("_id").document();
  }
  return std::nullopt;
}

void ChangeStream::close() {
  if (cursor_ == 0) return;
  bson::Builder kill;
  kill.append("killCursors", "$cmd.aggregate").open_array("cursors");
  kill.append(kill.item(), cursor_).close();
  command(kill.finish());  // errors are ignored: the server closes idle cursors itself
  cursor_ = 0;
}

}  // namespace sluice::source
