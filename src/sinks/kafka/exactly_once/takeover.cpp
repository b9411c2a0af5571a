#include "sinks/kafka/exactly_once/takeover.hpp"

#include <vector>

#include "flow/patience.hpp"
#include "sinks/kafka/errors.hpp"
#include "sinks/kafka/exactly_once/layouts.hpp"

namespace sluice::sinks::kafka {

namespace {

constexpr auto beginning_step = std::chrono::milliseconds(10);
constexpr auto takeover_step = std::chrono::milliseconds(100);

Error stopping_error() {
  return {ErrorKind::transient, 0, "Kafka: stopping"};
}

}  // namespace

std::optional<Error> Takeover::take_shard(Producer& plain, const LaneName& own, std::int64_t epoch,
                                          PositionRecords& records) const {
  // First announced, then read: of two workers that start at the same time, one sees the other.
  if (auto error = read(own, epoch, Records::all, records)) return error;
  PositionRecord announcement;
  announcement.epoch = epoch;
  if (auto error = write(plain, own.layout_key(), announcement)) return error;
  if (auto error = read(own, epoch, Records::all, records)) return error;
  if (auto error = end_transactions(own, records)) return error;
  if (auto error = read(own, epoch, Records::committed, records)) return error;
  const auto open = open_lanes(records, own);
  if (open.empty()) return std::nullopt;
  for (const LaneName& other : open) {
    if (auto error = close(own, other, epoch)) return error;
  }
  return read(own, epoch, Records::committed, records);
}

/// Ends the transactions that dead workers of this shard have left open: until then, what comes behind them
/// in the topic could not be read.
std::optional<Error> Takeover::end_transactions(const LaneName& own, const PositionRecords& records) const {
  std::vector<LaneName> lanes = open_lanes(records, own);
  for (std::uint64_t lane = 0; lane < own.lanes; ++lane) lanes.push_back(own.with_lane(lane));
  // All at once, since each has to find its coordinator first.
  std::vector<std::shared_ptr<Producer>> beginning;
  for (const LaneName& lane : lanes) {
    auto opened = Producer::open(config_, {}, transactional_id(lane));
    if (auto* error = std::get_if<Error>(&opened)) return std::move(*error);
    beginning.push_back(std::move(std::get<std::shared_ptr<Producer>>(opened)));
  }
  flow::Patience patience(this->patience(), flow::Clock::now());
  std::size_t done = 0;
  while (done < beginning.size()) {
    for (auto& producer : beginning) {
      if (!producer) continue;
      const auto code = producer->begin(beginning_step);
      if (abandoned_) return stopping_error();
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        producer.reset();
        ++done;
      } else if (code != RD_KAFKA_RESP_ERR__TIMED_OUT ||
                 patience.over(flow::Clock::now(), done, producer->in_trouble())) {
        return producer->complaint("the transactions of " + own.stream + " cannot begin");
      }
    }
  }
  return std::nullopt;
}

std::variant<std::shared_ptr<Producer>, Error> Takeover::take_lane(const LaneName& name, std::int64_t epoch,
                                                                   const Batching& batching,
                                                                   PositionRecord& position) const {
  auto fenced = fence(name, batching);
  if (std::holds_alternative<Error>(fenced)) return fenced;
  PositionRecords records;
  if (auto error = read(name, epoch, Records::committed, records)) return *error;
  const auto found = records.find(name.id());
  position = found == records.end() ? PositionRecord{} : found->second;
  return fenced;
}

/// Opens the lane's producer. Earlier producers of the lane cannot write any more, and what they left open is
/// aborted or, if its commit had begun, committed.
std::variant<std::shared_ptr<Producer>, Error> Takeover::fence(const LaneName& name,
                                                               const Batching& batching) const {
  auto opened = Producer::open(config_, batching, transactional_id(name));
  if (std::holds_alternative<Error>(opened)) return opened;
  auto& producer = *std::get<std::shared_ptr<Producer>>(opened);
  const auto step = [&] { return producer.begin(takeover_step); };
  if (auto error = until_done(producer, "the transactions of " + name.id() + " cannot begin", step))
    return *error;
  return opened;
}

std::optional<Error> Takeover::read(const LaneName& own, std::int64_t epoch, Records which,
                                    PositionRecords& records) const {
  if (auto error = read_positions(config_, which, patience(), abandoned_, records)) return error;
  if (!is_superseded(records, own, epoch)) return std::nullopt;
  return Error{ErrorKind::fenced, 0,
               "another worker has taken over " + own.id() + " in the Kafka topic " + config_.positions};
}

/// Fences a lane of another layout for good: its worker, if it lives, finds the record when it begins anew.
std::optional<Error> Takeover::close(const LaneName& own, const LaneName& other, std::int64_t epoch) const {
  auto fenced = fence(other, {});
  if (auto* error = std::get_if<Error>(&fenced)) return std::move(*error);
  auto& producer = *std::get<std::shared_ptr<Producer>>(fenced);
  PositionRecords records;
  if (auto error = read(own, epoch, Records::committed, records)) return error;
  PositionRecord record = records[other.id()];
  if (record.closed) return std::nullopt;  // by another shard of this layout, meanwhile
  record.epoch = epoch;
  record.closed = true;
  const std::string doing = "the lane " + other.id() + " of an earlier layout cannot be closed";
  const auto begin = [&] { return producer.begin_transaction(); };
  if (auto error = until_done(producer, doing, begin)) return error;
  if (auto error = write(producer, other.id(), record)) return error;
  const auto commit = [&] { return producer.commit_transaction(takeover_step); };
  return until_done(producer, doing, commit);
}

std::optional<Error> Takeover::write(Producer& producer, const std::string& key,
                                     const PositionRecord& record) const {
  const std::string doing = "the topic " + config_.positions + " cannot be written";
  rd_kafka_topic_t* topic = producer.topic(config_.positions);
  if (topic == nullptr) return error_of(RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, doing);
  const auto reports = std::make_shared<Reports>();
  producer.keep(reports);  // a late report goes there
  reports->begin(1);
  const std::string text = record.text();
  const auto code = producer.send(topic, {.key = key, .value = text, .headers = {}}, reports->expect(0));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(code, doing);
  flow::Patience patience(this->patience(), flow::Clock::now());
  while (!reports->wait_until(flow::Clock::now() + takeover_step)) {
    if (abandoned_) return stopping_error();
    if (patience.over(flow::Clock::now(), 0, producer.in_trouble())) return producer.complaint(doing);
  }
  if (reports->fate(0) == stored) return std::nullopt;
  return error_of(static_cast<rd_kafka_resp_err_t>(reports->fate(0)), doing);
}

/// Repeats a step until it is done, or the brokers do not answer for too long.
std::optional<Error> Takeover::until_done(Producer& producer, const std::string& doing,
                                          const std::function<rd_kafka_resp_err_t()>& step) const {
  flow::Patience patience(this->patience(), flow::Clock::now());
  while (true) {
    const auto code = step();
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
    if (abandoned_) return stopping_error();
    if (code != RD_KAFKA_RESP_ERR__TIMED_OUT) return producer.complaint(doing);
    if (patience.over(flow::Clock::now(), 0, producer.in_trouble())) return producer.complaint(doing);
  }
}

}  // namespace sluice::sinks::kafka
