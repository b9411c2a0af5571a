#include "sinks/kafka/relay/log.hpp"

#include <algorithm>

#include "flow/pause.hpp"
#include "sinks/kafka/errors.hpp"
#include "sinks/kafka/relay/appender.hpp"
#include "sinks/kafka/relay/reader.hpp"
#include "sinks/kafka/relay/record.hpp"
#include "sinks/kafka/topics.hpp"

namespace sluice::sinks::kafka {

namespace {

using std::chrono::milliseconds;

constexpr auto least_patience = milliseconds(2000);
constexpr auto most_patience = milliseconds(5000);  // the writer renews its lease in between
constexpr auto creation_poll = milliseconds(50);

// What all partitions of a process may hold that is fetched and not yet read.
constexpr int prefetched_by_all_kb = 64 * 1024;
constexpr int least_prefetched_kb = 2048;
constexpr int most_prefetched_kb = 16 * 1024;
constexpr RelaySession::Limits for_asking{20, 1024};
constexpr int reading_wait_ms = 100;

std::uint64_t microseconds_since_1970() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

}  // namespace

/// Gives the partition back when it ends.
class KafkaRelay::Reader : public RelayReader {
 public:
  Reader(std::shared_ptr<void> held, std::unique_ptr<RelayReader> reader)
      : held_(std::move(held)), reader_(std::move(reader)) {}
  std::optional<Error> next(std::vector<RelayRecord>& records, std::size_t most, std::size_t bytes,
                            milliseconds wait) override {
    return reader_->next(records, most, bytes, wait);
  }
  std::uint64_t unread() const override { return reader_->unread(); }

 private:
  std::shared_ptr<void> held_;
  std::unique_ptr<RelayReader> reader_;
};

KafkaRelay::KafkaRelay(const Config& config, const StreamConfig& stream,
                       std::function<void(const std::string&)> say)
    : kafka_(config.kafka),
      relay_(config.relay),
      topic_(relay_log_name(relay_.topic, stream)),
      transactional_id_(topic_ + "/" + config.pipeline + "/" + stream.name),
      name_("the relay's Kafka topic " + topic_),
      say_(std::move(say)),
      asking_(static_cast<std::size_t>(relay_.partitions)) {}

flow::Duration KafkaRelay::patience() const {
  return std::clamp(milliseconds(kafka_.ack_ms), least_patience, most_patience);
}

Error KafkaRelay::missing() const {
  return {ErrorKind::unavailable, 0, name_ + " does not exist (yet)"};
}

/// A password file may have been replaced: the next session reads it again.
void KafkaRelay::drop_if_refused(Opened& session) const {
  if (session && !kafka_.password_file.empty() && session->log_in_refused()) session.reset();
}

std::optional<Error> KafkaRelay::asking(Opened& session) {
  const std::lock_guard lock(mutex_);
  // While no partition is read, nobody else takes the errors that pile up in its queue.
  if (reading_session_) reading_session_->losses();
  drop_if_refused(asking_session_);
  if (!asking_session_) {
    if (auto error = RelaySession::open(kafka_, topic_, for_asking, asking_session_)) return error;
  }
  session = asking_session_;
  return std::nullopt;
}

/// Where brokers refuse the log-in, requests end as if there was no broker.
std::optional<Error> KafkaRelay::look_at_topic(RelaySession& session, TopicFacts& facts) const {
  auto error = look_at_relay_topic(session.client(), topic_, patience(), facts);
  if (!error) return error;
  if (session.log_in_refused()) return session.complaint();
  return is_silence(error->code) ? session.unreachable(static_cast<rd_kafka_resp_err_t>(error->code)) : error;
}

/// Looks at the topic. An error if it is missing, or cannot hold the relay.
std::optional<Error> KafkaRelay::verify(RelaySession& session) {
  TopicFacts facts;
  if (auto error = look_at_topic(session, facts)) return error;
  if (facts.partitions == 0) return missing();
  const std::string why = why_no_relay_log(topic_, relay_.partitions, facts);
  if (!why.empty()) return Error{ErrorKind::fatal, 0, why};
  const std::lock_guard lock(mutex_);
  facts_ = std::move(facts);
  return std::nullopt;
}

std::optional<Error> KafkaRelay::create(RelaySession& session) {
  const std::vector<std::string> names{topic_};
  if (auto error = create_topics(session.client(), relay_topic_shape(relay_), names, patience(), say_))
    return error;
  const flow::Time until = flow::Clock::now() + patience();
  while (true) {
    auto error = verify(session);
    if (!error || error->kind == ErrorKind::fatal || flow::Clock::now() > until) return error;
    flow::pause(creation_poll, {});
  }
}

std::optional<Error> KafkaRelay::check(bool& there) {
  there = false;
  Opened session;
  if (auto error = asking(session)) return error;
  TopicFacts facts;
  if (auto error = look_at_topic(*session, facts)) return error;
  if (facts.partitions == 0) return std::nullopt;
  there = true;
  const std::string why = why_no_relay_log(topic_, relay_.partitions, facts);
  return why.empty() ? std::nullopt : std::optional(Error{ErrorKind::fatal, 0, why});
}

std::optional<Error> KafkaRelay::prepare() {
  bool there = false;
  if (auto error = check(there)) return error;
  Opened session;
  if (auto error = asking(session)) return error;
  return there ? verify(*session) : create(*session);
}

/// A writer that wrote to a new topic before it noticed leaves one that does not begin where the log should.
/// It is emptied, unless its newest records are somebody else's.
std::optional<Error> KafkaRelay::empty() {
  Opened session;
  if (auto error = asking(session)) return error;
  std::optional<RelayRecord> record;
  for (int partition = 0; partition < relay_.partitions; ++partition) {
    if (auto error = last_of(partition, record)) return error;
  }
  return empty_topic(session->client(), topic_, relay_.partitions, patience());
}

/// Sequences follow the clock, so that those of a topic that was made anew do not begin where the old topic's
/// did.
std::optional<Error> KafkaRelay::look(RelayState& state) {
  state = {};
  Opened session;
  if (auto error = asking(session)) return error;
  if (auto error = verify(*session)) return error;
  for (int partition = 0; partition < relay_.partitions; ++partition) {
    std::int64_t first = 0;
    std::int64_t end = 0;
    if (auto error = session->offsets(partition, patience(), first, end)) return error;
    state.records += static_cast<std::uint64_t>(end - first);
  }
  state.last = microseconds_since_1970();
  return std::nullopt;
}

std::optional<Error> KafkaRelay::span(int partition, RelaySpan& span) {
  span.newest.reset();
  Opened session;
  if (auto error = asking(session)) return error;
  if (auto error = verify(*session)) return error;
  std::int64_t first = 0;
  std::int64_t end = 0;
  if (auto error = session->offsets(partition, patience(), first, end)) return error;
  span.first = static_cast<std::uint64_t>(first) + 1;
  return last_of(partition, span.newest);
}

std::optional<Error> KafkaRelay::last_of(int partition, std::optional<RelayRecord>& record) {
  record.reset();
  Opened session;
  if (auto error = asking(session)) return error;
  const std::lock_guard lock(asking_[static_cast<std::size_t>(partition)]);
  return newest_of(session, partition, record);
}

std::optional<Error> KafkaRelay::newest_of(const Opened& session, int partition,
                                           std::optional<RelayRecord>& record) {
  std::int64_t first = 0;
  std::int64_t end = 0;
  if (auto error = session->offsets(partition, patience(), first, end)) return error;
  // The last offsets may be transactions' markers.
  for (std::int64_t back = 1; !record && end > first; back *= 4) {
    const std::int64_t from = std::max(first, end - back);
    if (auto error = scan(session, partition, from, end, record)) return error;
    if (from == first) break;
  }
  return std::nullopt;
}

std::optional<Error> KafkaRelay::get(int partition, std::uint64_t place, std::optional<RelayRecord>& record) {
  record.reset();
  Opened session;
  if (auto error = asking(session)) return error;
  const std::lock_guard lock(asking_[static_cast<std::size_t>(partition)]);
  return scan(session, partition, static_cast<std::int64_t>(place) - 1, 0, record);
}

/// Reads from an offset on up to the end, and keeps the last record before `end`, or the first one if there
/// is none before.
std::optional<Error> KafkaRelay::scan(const Opened& session, int partition, std::int64_t from,
                                      std::int64_t end, std::optional<RelayRecord>& record) {
  PartitionMessages messages(session, partition);
  if (auto error = messages.start(from)) return error;
  const std::uint64_t losses = session->losses();
  const flow::Time until = flow::Clock::now() + patience();
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(until - flow::Clock::now());
    if (left.count() <= 0) return error_of(RD_KAFKA_RESP_ERR__TIMED_OUT, name_ + " cannot be read");
    const Message message = messages.next(std::min(left, milliseconds(100)));
    if (session->losses() != losses) return session->complaint();
    if (!message) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return std::nullopt;
    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) return std::nullopt;  // it was dropped
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(message->err, name_ + " cannot be read");
    auto read = relay_record_of(*message);
    if (!read) return no_relay_record(name_, *message);
    record = std::move(read);
    if (message->offset + 1 >= end) return std::nullopt;
  }
}

std::optional<Error> KafkaRelay::read(int partition, std::uint64_t from,
                                      std::unique_ptr<RelayReader>& reader) {
  const RelaySession::Limits limits{reading_wait_ms, std::clamp(prefetched_by_all_kb / relay_.partitions,
                                                                least_prefetched_kb, most_prefetched_kb)};
  Opened session;
  std::shared_ptr<void> held;
  {
    const std::lock_guard lock(mutex_);
    if (!being_read_.insert(partition).second) {
      if (auto error = RelaySession::open(kafka_, topic_, limits, session)) return error;
    } else {
      held = std::shared_ptr<void>(this, [partition](void* self) {
        auto& relay = *static_cast<KafkaRelay*>(self);
        const std::lock_guard until_given_back(relay.mutex_);
        relay.being_read_.erase(partition);
      });
      drop_if_refused(reading_session_);
      if (!reading_session_) {
        if (auto error = RelaySession::open(kafka_, topic_, limits, reading_session_)) return error;
      }
      session = reading_session_;
    }
  }
  std::unique_ptr<RelayReader> made;
  if (auto error = open_relay_reader(std::move(session), partition, static_cast<std::int64_t>(from) - 1,
                                     name_, made)) {
    return error;
  }
  reader = std::make_unique<Reader>(std::move(held), std::move(made));
  return std::nullopt;
}

std::optional<Error> KafkaRelay::write(std::unique_ptr<RelayAppender>& appender) {
  TopicFacts facts;
  {
    const std::lock_guard lock(mutex_);
    facts = facts_;
  }
  auto error =
      open_relay_appender({kafka_, topic_, name_, transactional_id_, relay_.partitions,
                           most_record_bytes(facts), most_batch_bytes(facts), patience(), made_anew_},
                          appender);
  if (error || !*made_anew_) return error;
  // Not earlier: until now, records of the last appender could still arrive.
  if ((error = empty())) return error;
  *made_anew_ = false;
  return std::nullopt;
}

}  // namespace sluice::sinks::kafka
