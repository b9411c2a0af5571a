#include "sinks/kafka/relay/group.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/guarded.hpp"
#include "core/relay_log.hpp"
#include "flow/pause.hpp"
#include "sinks/kafka/conf.hpp"
#include "sinks/kafka/errors.hpp"
#include "sinks/kafka/raii.hpp"

namespace sluice::sinks::kafka {

namespace {

using std::chrono::milliseconds;

/// Members keep what they have when others come and go, and only what moves is revoked.
constexpr const char* assignor = "cooperative-sticky";
constexpr auto least_session = milliseconds(6000);  // brokers refuse less, unless they are told otherwise
constexpr const char* heartbeat_ms = "1000";        // with its answer a member learns that the group changes
constexpr const char* topic_refresh_ms = "5000";
constexpr auto group_poll = milliseconds(100);
constexpr auto topic_patience = milliseconds(1000);
constexpr auto leaving_patience = milliseconds(1500);
constexpr auto leaving_poll = milliseconds(20);
constexpr auto again_after = milliseconds(1000);

using Partitions =
    std::unique_ptr<rd_kafka_topic_partition_list_t, Destroyer<rd_kafka_topic_partition_list_destroy>>;

/// Without this flag the destructor would close the consumer, and wait without a limit.
struct GroupClientDestroyer {
  void operator()(rd_kafka_t* client) const {
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
};
using GroupClient = std::unique_ptr<rd_kafka_t, GroupClientDestroyer>;

std::string not_joined(const std::string& group) {
  return "the consumer group " + group + " cannot be joined";
}

std::vector<int> numbers_of(const rd_kafka_topic_partition_list_t* list, const std::string& topic) {
  std::vector<int> numbers;
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    if (list->elems[i].topic == topic) numbers.push_back(list->elems[i].partition);
  }
  return numbers;
}

/// librdkafka before this version aborts when a consumer is destroyed that has joined and was never assigned
/// anything, not even nothing (confluentinc/librdkafka#4381).
constexpr int destroys_joining_consumers = 0x020300ff;

bool is_passing(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
}

}  // namespace

/// librdkafka's consumer. It may join and leave the group more than once.
class KafkaGroup::Session {
 public:
  explicit Session(KafkaGroup& group) : group_(group) {}
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  std::optional<Error> open() {
    auto filled = reader_conf(group_.kafka_);
    if (auto* error = std::get_if<Error>(&filled)) return std::move(*error);
    auto& conf = std::get<Conf>(filled);
    if (auto error = set_up(conf.get())) return error;
    std::array<char, 512> why{};
    client_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), why.data(), why.size()));
    if (!client_) return Error{ErrorKind::fatal, 0, std::string("librdkafka: ") + why.data()};
    static_cast<void>(conf.release());
    rd_kafka_poll_set_consumer(client_.get());  // one queue for all events
    events_.reset(rd_kafka_queue_get_consumer(client_.get()));
    return std::nullopt;
  }

  /// Fails unless the topic exists. A group that is joined before would notice the topic only at its next
  /// refresh.
  std::optional<Error> look_for_topic() {
    const Topic handle(rd_kafka_topic_new(client_.get(), group_.topic_.c_str(), nullptr));
    if (!handle) return error_of(rd_kafka_last_error(), not_joined(group_.name_));
    const rd_kafka_metadata_t* got = nullptr;
    const auto code =
        rd_kafka_metadata(client_.get(), 0, handle.get(), &got, static_cast<int>(topic_patience.count()));
    const Metadata metadata(got);
    serve(milliseconds(0));  // its errors may tell why
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && !last_.empty()) return Error{ErrorKind::unavailable, 0, last_};
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(code, not_joined(group_.name_));
    for (int i = 0; i < metadata->topic_cnt; ++i) {
      const auto& one = metadata->topics[i];
      if (one.err == RD_KAFKA_RESP_ERR_NO_ERROR && one.partition_cnt > 0) return std::nullopt;
      if (!is_unknown_topic(one.err) && one.err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_of(one.err, not_joined(group_.name_));
    }
    return Error{ErrorKind::unavailable, 0, "the topic " + group_.topic_ + " does not exist (yet)"};
  }

  std::optional<Error> subscribe(int stay) {
    const Partitions topics(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(topics.get(), group_.topic_.c_str(), RD_KAFKA_PARTITION_UA);
    const auto code = rd_kafka_subscribe(client_.get(), topics.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(code, not_joined(group_.name_));
    stay_ = stay;
    member_ = false;
    subscribed_ = true;
    subscribed_once_ = true;
    return std::nullopt;
  }

  /// Begins to leave, so that the group gives this member's partitions to others at once. serve() until
  /// left().
  void unsubscribe() {
    if (std::exchange(subscribed_, false)) rd_kafka_unsubscribe(client_.get());
  }
  /// Has told the broker that it leaves, if it was a member. A rebalance that is under way is completed
  /// first.
  bool left() const {
    char* id = rd_kafka_memberid(client_.get());
    const bool none = id == nullptr || *id == '\0';
    if (id != nullptr) rd_kafka_mem_free(client_.get(), id);
    return none;
  }
  bool subscribed_for(int stay) const { return subscribed_ && stay_ == stay; }
  bool subscribed() const { return subscribed_; }

  /// Serves the group for `wait` or until one event has come.
  void serve(milliseconds wait) {
    const Event event(rd_kafka_queue_poll(events_.get(), static_cast<int>(wait.count())));
    if (!event) return look_for_loss();
    if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_REBALANCE) rebalance(event.get());
    if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR) note(event.get());
  }

  /// It does not work any more: a new one may, with a password read again from its file.
  bool broken() const { return broken_; }
  const std::string& reason() const { return last_; }

 private:
  std::optional<Error> set_up(rd_kafka_conf_t* conf) const {
    const auto& stated = group_.kafka_.properties;
    const std::array<std::pair<const char*, std::string>, 6> settings{{
        {"group.id", group_.name_},
        {"partition.assignment.strategy", assignor},
        {"enable.auto.commit", "false"},  // positions are stored in MongoDB
        {"session.timeout.ms", std::to_string(std::chrono::ceil<milliseconds>(group_.session_).count())},
        {"heartbeat.interval.ms", heartbeat_ms},
        {"topic.metadata.refresh.interval.ms", topic_refresh_ms},
    }};
    constexpr std::size_t fixed = 3;  // the others may be stated under kafka.properties
    std::array<char, 512> why{};
    for (std::size_t i = 0; i < settings.size(); ++i) {
      const auto& [name, value] = settings[i];
      if (i >= fixed && stated.contains(name)) continue;
      if (rd_kafka_conf_set(conf, name, value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK)
        return Error{ErrorKind::fatal, 0, std::string("librdkafka refuses ") + name + ": " + why.data()};
    }
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR);
    return std::nullopt;
  }

  /// Tells librdkafka that it should fetch no partition, whichever the group assigns: the group's view of the
  /// assignment does not depend on that.
  void acknowledge(bool assign) {
    const Partitions none(rd_kafka_topic_partition_list_new(0));
    const char* protocol = rd_kafka_rebalance_protocol(client_.get());
    const bool cooperative = protocol != nullptr && std::string_view(protocol) == "COOPERATIVE";
    if (!cooperative) {
      rd_kafka_assign(client_.get(), assign ? none.get() : nullptr);
      return;
    }
    const Failure failure(assign ? rd_kafka_incremental_assign(client_.get(), none.get())
                                 : rd_kafka_incremental_unassign(client_.get(), none.get()));
    if (!failure) return;
    broken_ = true;
    last_ = error_of(rd_kafka_error_code(failure.get()), not_joined(group_.name_),
                     rd_kafka_error_string(failure.get()))
                .message;
  }

  void rebalance(rd_kafka_event_t* event) {
    const auto numbers = numbers_of(rd_kafka_event_topic_partition_list(event), group_.topic_);
    const bool assign = rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    const bool lost = !assign && rd_kafka_assignment_lost(client_.get()) != 0;
    acknowledge(assign);
    assigned_once_ |= assign;
    if (!subscribed_) return;
    if (assign) last_.clear();
    member_ |= assign;
    group_.change(stay_, [&](flow::GroupAssignment& assignment) {
      if (assign) return assignment.assigned(numbers);
      if (!lost) return assignment.revoked(numbers);
      assignment.lost(why_lost());
    });
  }

  /// Whoever holds no partition gets no event when the session ends: librdkafka only drops the member's id.
  void look_for_loss() {
    if (!subscribed_ || !member_ || !left()) return;
    member_ = false;
    group_.change(stay_, [&](flow::GroupAssignment& assignment) { assignment.lost(why_lost()); });
  }

  std::string why_lost() const {
    return last_.empty() ? "the consumer group " + group_.name_ + " cannot be reached" : last_;
  }

  void note(rd_kafka_event_t* event) {
    auto code = rd_kafka_event_error(event);
    if (is_passing(code) && !last_.empty()) return;  // the reason came before
    const char* text = rd_kafka_event_error_string(event);
    std::array<char, 512> why{};
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
      code = rd_kafka_fatal_error(client_.get(), why.data(), why.size());
      text = why.data();
      broken_ = true;
    }
    if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION && !group_.kafka_.password_file.empty()) broken_ = true;
    last_ = error_of(code, not_joined(group_.name_), text == nullptr ? "" : text).message;
    group_.change(stay_, [&](flow::GroupAssignment& assignment) { assignment.failed(last_); });
  }

  KafkaGroup& group_;
  GroupClient client_;
  Queue events_;
  std::string last_;  ///< what failed last
  int stay_ = 0;      ///< the group's stay_ when it subscribed: events of an earlier stay are ignored
  bool subscribed_ = false;
  bool subscribed_once_ = false;
  bool assigned_once_ = false;
  bool member_ = false;  ///< the group has assigned something, or nothing, and has not dropped this member
  bool broken_ = false;
};

/// Where the brokers do not answer in time, the group waits until the session times out.
KafkaGroup::Session::~Session() {
  if (!client_) return;
  unsubscribe();
  const flow::Time until = flow::Clock::now() + leaving_patience;
  while (!left() && flow::Clock::now() < until) serve(leaving_poll);
  if (subscribed_once_ && !assigned_once_ && rd_kafka_version() < destroys_joining_consumers) {
    static_cast<void>(client_.release());  // it ends with the process
    static_cast<void>(events_.release());
    return;
  }
  if (!left()) return;
  // Waits for the broker's answer. The queue must not be the one that the events come from.
  events_.reset(rd_kafka_queue_new(client_.get()));
  const Failure failure(rd_kafka_consumer_close_queue(client_.get(), events_.get()));
  while (!failure && rd_kafka_consumer_closed(client_.get()) == 0 && flow::Clock::now() < until)
    serve(leaving_poll);
}

KafkaGroup::KafkaGroup(const Config& config, const StreamConfig& stream, flow::Duration session)
    : kafka_(config.kafka),
      topic_(relay_log_name(config.relay.topic, stream)),
      name_(relay_group_name(config.relay, stream)),
      session_(std::max<flow::Duration>(session, least_session)),
      thread_([this](const std::stop_token& stop) {
        run_guarded([&] { run(stop); },
                    [this](int, const char* what) {
                      const std::lock_guard lock(mutex_);
                      assignment_.lost(what);
                    });
      }) {}

void KafkaGroup::join() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(wish_, true)) return;
  assignment_.joining();
  wish_changed_.notify_all();
}

void KafkaGroup::leave() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(wish_, false)) return;
  ++stay_;
  assignment_.joining();
  wish_changed_.notify_all();
}

RelayShare KafkaGroup::share() const {
  const std::lock_guard lock(mutex_);
  return assignment_.share();
}

void KafkaGroup::close() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

template <typename Change>
void KafkaGroup::change(int stay, const Change& what) {
  const std::lock_guard lock(mutex_);
  if (wish_ && stay == stay_) what(assignment_);
}

/// The stay that is wanted; none while this process should be no member.
std::optional<int> KafkaGroup::wanted() const {
  const std::lock_guard lock(mutex_);
  return wish_ ? std::optional(stay_) : std::nullopt;
}

void KafkaGroup::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      if (!wish_changed_.wait(lock, stop, [this] { return wish_; })) return;
    }
    serve(stop);
    flow::pause(again_after, stop);
  }
}

/// Serves one session until it breaks.
void KafkaGroup::serve(const std::stop_token& stop) {
  Session session(*this);
  if (auto error = session.open()) return fail(*error);
  while (!stop.stop_requested() && !session.broken()) {
    const auto stay = wanted();
    if (session.subscribed() && !(stay && session.subscribed_for(*stay))) session.unsubscribe();
    if (stay && !session.subscribed() && session.left()) {
      auto error = session.look_for_topic();
      if (!error) error = session.subscribe(*stay);
      if (error) fail(*error);
    }
    session.serve(group_poll);
  }
  const auto stay = wanted();
  if (stay && session.broken())
    change(*stay, [&](flow::GroupAssignment& assignment) { assignment.lost(session.reason()); });
}

void KafkaGroup::fail(const Error& error) {
  const std::lock_guard lock(mutex_);
  assignment_.failed(error.message);
}

namespace {

std::optional<Error> why_no_relay_group(const rd_kafka_ConsumerGroupDescription_t* group,
                                        const std::string& name) {
  const auto* error = rd_kafka_ConsumerGroupDescription_error(group);
  if (error != nullptr && rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return error_of(rd_kafka_error_code(error), "the consumer group " + name + " cannot be looked at");
  if (rd_kafka_ConsumerGroupDescription_member_count(group) == 0) return std::nullopt;
  const char* used = rd_kafka_ConsumerGroupDescription_partition_assignor(group);
  if (used == nullptr || *used == '\0' || std::string_view(used) == assignor) return std::nullopt;
  return Error{ErrorKind::fatal, 0,
               "the consumer group " + name + " has other consumers, which assign partitions by '" + used +
                   "'; give the relay a group of its own with 'group' under relay.kafka"};
}

}  // namespace

std::optional<Error> look_at_relay_group(const KafkaConfig& config, const std::string& group,
                                         flow::Duration patience) {
  auto filled = client_conf(config);
  if (auto* error = std::get_if<Error>(&filled)) return std::move(*error);
  auto& conf = std::get<Conf>(filled);
  std::array<char, 512> why{};
  const Client client(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size()));
  if (!client) return Error{ErrorKind::fatal, 0, std::string("librdkafka: ") + why.data()};
  static_cast<void>(conf.release());
  const int wait = static_cast<int>(std::chrono::ceil<milliseconds>(patience).count());
  const AdminOptions options(
      rd_kafka_AdminOptions_new(client.get(), RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), wait, nullptr, 0);
  const Queue queue(rd_kafka_queue_new(client.get()));
  const char* names[] = {group.c_str()};
  rd_kafka_DescribeConsumerGroups(client.get(), names, 1, options.get(), queue.get());
  const Event event(rd_kafka_queue_poll(queue.get(), 2 * wait));
  const std::string doing = "the consumer group " + group + " cannot be looked at";
  if (!event) return error_of(RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
  if (const auto code = rd_kafka_event_error(event.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return error_of(code, doing);
  std::size_t count = 0;
  const auto* groups = rd_kafka_DescribeConsumerGroups_result_groups(
      rd_kafka_event_DescribeConsumerGroups_result(event.get()), &count);
  return count == 0 ? std::nullopt : why_no_relay_group(groups[0], group);
}

}  // namespace sluice::sinks::kafka
