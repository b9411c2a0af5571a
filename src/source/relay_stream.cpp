#include "source/relay_stream.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "source/change_stream.hpp"
#include "source/resume_token.hpp"

namespace sluice::source {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t relay_batch_bytes = 4 << 20;
constexpr auto gather_pause = milliseconds(5);  ///< while a batch gathers records
/// The writer tells its position every second. Without news for longer, the stream may not have read all.
constexpr auto relay_silence = std::chrono::seconds(3);
/// How long a writer may take to notice that its log was made anew.
constexpr auto unbegun_at_most = std::chrono::seconds(30);

}  // namespace

RelayHeartbeat RelayHeartbeat::read(bson::View body) {
  return {body.at("gap").boolean(), body.at("ofEvent").boolean()};
}

bson::View RelayHeartbeat::make(const Position& at, bson::Builder& out) const {
  out.append("_id", at.view()).append_timestamp("clusterTime", at.cluster_time);
  return out.append("ofEvent", of_event).append("gap", gap).finish();
}

/// The documents of a batch, one behind the other.
class RelayStream::Gathered {
 public:
  void add(std::string_view bytes) {
    ends_.push_back(bytes_->size() + bytes.size());
    bytes_->insert(bytes_->end(), bytes.begin(), bytes.end());
    const bson::View document(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    if (RelayHeartbeat::is(document)) return;
    ++events_;
    invalidated_ = document.at("operationType").text() == "invalidate";
  }

  std::size_t events() const { return events_; }
  std::size_t bytes() const { return bytes_->size(); }
  /// Whether the last event is an invalidation.
  bool invalidated() const { return invalidated_; }

  /// Not before all are added: adding moves the bytes.
  void fill(StreamBatch& batch) const {
    batch.owner = bytes_;
    batch.size = bytes_->size();
    std::size_t from = 0;
    for (const std::size_t end : ends_) {
      const bson::View document(bytes_->data() + from, end - from);
      from = end;
      batch.resume_token = document.at("_id").document();
      const bool heartbeat = RelayHeartbeat::is(document);
      batch.token_of_event = !heartbeat || RelayHeartbeat::read(document).of_event;
      batch.operation_time = std::max(batch.operation_time, document.at("clusterTime").timestamp());
      if (!heartbeat) batch.events.push_back(document);
    }
  }

 private:
  std::shared_ptr<std::vector<std::uint8_t>> bytes_ = std::make_shared<std::vector<std::uint8_t>>();
  std::vector<std::size_t> ends_;
  std::size_t events_ = 0;
  bool invalidated_ = false;
};

RelayStream::RelayStream(mongo::ClientPool& pool, std::shared_ptr<RelayLog> log, RelayOptions options)
    : pool_(pool),
      log_(std::move(log)),
      options_(std::move(options)),
      gathering_(
          {static_cast<std::size_t>(options_.batch), relay_batch_bytes, milliseconds(options_.linger_ms)}) {}

Error RelayStream::lost() const {
  return {ErrorKind::lost, 0,
          log_->name() + " no longer holds what follows the position of partition " +
              std::to_string(options_.partition)};
}

/// Whether records were dropped, or the log was made anew, since `span` was read.
std::optional<Error> RelayStream::has_changed(const RelaySpan& span, bool& changed) {
  RelaySpan now;
  if (auto error = log_->span(options_.partition, now)) return error;
  changed = now.first != span.first || !now.newest || now.newest->place < span.newest->place;
  return std::nullopt;
}

/// The position lies before all records. If the log changed while it was searched, that proves nothing, and
/// it is searched once more.
///
/// A log begins with heartbeats. One from which nothing was dropped, and that begins with an event, was made
/// anew by somebody else while its writer worked. The writer notices, and writes it from its beginning.
std::optional<Error> RelayStream::not_found(const RelaySpan& span) {
  bool changed = false;
  if (auto error = has_changed(span, changed)) return error;
  if (changed && !std::exchange(changed_in_search_, true))
    return Error{ErrorKind::unavailable, 0,
                 log_->name() + " changed while it was searched; searching it again"};
  std::optional<RelayRecord> first;
  if (span.first == 1) {
    if (auto error = log_->get(options_.partition, span.first, first)) return error;
  }
  if (!first || first->header.version != options_.version) return lost();
  const bson::View body(reinterpret_cast<const std::uint8_t*>(first->body.data()), first->body.size());
  if (first->header.parts == 1 && RelayHeartbeat::is(body)) return lost();
  const flow::Time now = flow::Clock::now();
  if (!unbegun_since_) unbegun_since_ = now;
  if (now > *unbegun_since_ + unbegun_at_most) return lost();
  return Error{ErrorKind::unavailable, 0, log_->name() + " was made anew; waiting until its writer notices"};
}

/// Records are missing. The log may have been written anew, and hold them further back: it is searched once.
Error RelayStream::gap() {
  if (cursor_.position() == gap_at_) return lost();
  gap_at_ = cursor_.position();
  return {ErrorKind::cursor_gone, 0, log_->name() + " lacks records; looking for the position again"};
}

Error RelayStream::other_version(const RelayHeader& header) const {
  if (!header.is_of(options_.version)) return written_by_others(*log_);
  return {ErrorKind::unavailable, 0,
          log_->name() + " is written for other rules; waiting until an instance with these rules writes it"};
}

std::optional<Error> RelayStream::open(const std::optional<Position>& after, Position& at, bool) {
  reader_.reset();
  records_.clear();
  taken_ = 0;
  parts_.clear();
  invalidated_ = false;
  RelaySpan span;
  if (auto error = log_->span(options_.partition, span)) return error;
  if (!span.newest) {
    return Error{ErrorKind::unavailable, 0, log_->name() + " is empty; waiting for its writer"};
  }
  if (span.newest->header.version != options_.version) return other_version(span.newest->header);
  if (after) {
    at = *after;
  } else if (auto error = find_present(at)) {
    return error;
  }
  std::uint64_t place = 0;
  if (auto error = find(at, span, place)) return error;
  at_ = at;
  read_at_ = flow::Clock::now();
  return log_->read(options_.partition, place + 1, reader_);
}

/// The end of the log will not do: the writer may be far behind, or may have begun with events of before.
std::optional<Error> RelayStream::find_present(Position& at) {
  ChangeStream now(pool_, {options_.database, {}, 1, 1});
  return now.open(std::nullopt, at);
}

/// The log has the order of the tokens, so the place of one is found by halving. What another version has
/// written, and what was dropped, lies before.
std::optional<Error> RelayStream::find(const Position& after, const RelaySpan& span, std::uint64_t& place) {
  flow::RelaySearch search(span.first, span.newest->place);
  std::optional<RelayRecord> record;
  std::optional<RelayRecord> found;  // that of the last yes, which is the newest of all
  while (!search.done()) {
    if (auto error = log_->get(options_.partition, search.ask(), record)) return error;
    const bool known =
        !record || record->header.version != options_.version || record->token() <= after.data();
    search.answer(known);
    if (known) found.swap(record);
  }
  if (!found || found->header.version != options_.version) return not_found(span);
  unbegun_since_.reset();
  changed_in_search_ = false;
  place = found->place;
  cursor_ = flow::RelayCursor(std::string(after.data()), found->sequence);
  return std::nullopt;
}

std::optional<Error> RelayStream::take(const RelayRecord& record, Gathered& gathered) {
  const RelayHeader& header = record.header;
  if (header.version != options_.version) return other_version(header);
  const bool whole = header.part + 1 == header.parts;
  switch (cursor_.record(record.token(), record.sequence, header.previous, whole)) {
    case flow::RelayCursor::Found::known:
      return std::nullopt;
    case flow::RelayCursor::Found::gap:
      return gap();
    case flow::RelayCursor::Found::next:
      break;
  }
  if (header.parts == 1) {
    gathered.add(record.body);
    return std::nullopt;
  }
  if (header.part == 0) parts_.clear();
  parts_ += record.body;
  if (!whole) return std::nullopt;
  gathered.add(parts_);
  parts_.clear();
  return std::nullopt;
}

/// Takes the records that have been read, up to an invalidation: a batch ends with it.
std::optional<Error> RelayStream::take_records(Gathered& gathered) {
  while (taken_ < records_.size() && !gathered.invalidated()) {
    if (auto error = take(records_[taken_++], gathered)) return error;
  }
  return std::nullopt;
}

std::optional<Error> RelayStream::gather(Gathered& gathered) {
  const auto usual = static_cast<std::size_t>(options_.batch);
  const std::size_t most = std::min(usual, limit_.events);
  const std::size_t most_bytes = std::min(relay_batch_bytes, limit_.bytes);
  milliseconds wait(patient_ ? options_.max_await_ms : 1);
  while (true) {
    if (taken_ == records_.size()) {
      records_.clear();
      taken_ = 0;
      if (auto error = reader_->next(records_, most - gathered.events(), most_bytes - gathered.bytes(), wait))
        return error;
    }
    if (auto error = take_records(gathered)) return error;
    const flow::Time now = flow::Clock::now();
    const bool full = gathered.invalidated() || gathered.events() >= most || gathered.bytes() >= most_bytes;
    const auto until = gathering_.gathered(full ? usual : gathered.events(), gathered.bytes(), now);
    if (!until) return std::nullopt;
    // The reader would wake this thread for each record.
    if (gathered.events() > 0)
      std::this_thread::sleep_until(std::min<flow::Time>(*until, now + gather_pause));
    wait = std::chrono::ceil<milliseconds>(*until - flow::Clock::now());
  }
}

std::optional<Error> RelayStream::next(std::unique_ptr<StreamBatch>& batch) {
  if (!reader_) return Error{ErrorKind::cursor_gone, 0, log_->name() + " has to be opened again"};
  Gathered gathered;
  if (auto error = gather(gathered)) {
    reader_.reset();
    return error;
  }
  if (options_.unread) options_.unread(reader_->unread());
  batch = std::make_unique<StreamBatch>();
  gathered.fill(*batch);
  invalidated_ = gathered.invalidated();
  if (batch->resume_token) {
    at_ = Position::of(batch->resume_token, batch->operation_time, batch->token_of_event);
    read_at_ = flow::Clock::now();
    return std::nullopt;
  }
  // Nothing new: the same position, and the time that has passed if the writer may be gone.
  const auto silent = flow::Clock::now() - read_at_ - relay_silence;
  const auto seconds =
      std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(silent).count());
  batch = empty_batch(at_, at_.cluster_time + (static_cast<std::uint64_t>(seconds) << 32));
  return std::nullopt;
}

mongo::Reply RelayStream::ask(const std::string& database, bson::View command) {
  const auto client = pool_.acquire();
  return mongo::run_command(client.get(), database, command, mongo::Doing::reading);
}

}  // namespace sluice::source
