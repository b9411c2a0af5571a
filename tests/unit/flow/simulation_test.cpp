#include <gtest/gtest.h>

#include <map>
#include <random>

#include "flow/frontier.hpp"
#include "flow/lane.hpp"
#include "unit/bson/json.hpp"
#include "unit/bson/seed.hpp"

namespace sluice::flow {
namespace {

using namespace std::chrono_literals;

/// Several lanes and the frontier under a sink that does everything a server may do to it: commits,
/// conflicts, refuses, is slow, and forgets to answer after it has, or has not, committed. Values are small,
/// so that effects meet on their targets. Everything is drawn from one seed.
class Simulation {
 public:
  static constexpr std::size_t lanes = 3;
  static constexpr int targets = 12;
  static constexpr int refusing = 3;  ///< increments on this target are refused by the server

  explicit Simulation(std::uint64_t seed) : random_(seed) {
    for (std::size_t i = 0; i < lanes; ++i) {
      lanes_.emplace_back(LaneLimits{2 + below(6), 200 + below(2000), 5ms},
                          LaneGuard{std::to_string(i), 1, 0}, rules_, random_());
      last_resolved_.push_back(0);
      stored_.push_back({});
    }
    for (int i = 0; i < targets; ++i) ids_.push_back(store_.value(std::to_string(i)));
  }

  void run(int rounds) {
    for (int round = 0; round < rounds && !testing::Test::HasFatalFailure(); ++round) {
      if (below(3) > 0) read_batch();
      for (std::size_t i = 0; i < lanes; ++i) step(i);
      advance();
      now_ += std::chrono::milliseconds(below(4));
    }
    for (Lane& lane : lanes_) lane.flush();
    calm_ = true;
    for (int round = 0; round < 100000 && !all_idle(); ++round) {
      for (std::size_t i = 0; i < lanes; ++i) step(i);
      advance();
      now_ += 10ms;
    }
    check_end();
  }

 private:
  struct Source {
    std::deque<EventRecord> records;
    std::uint64_t number = 0;
    std::size_t unresolved = 0;
    std::uint64_t last_event = 0;
  };
  struct Stored {
    std::int64_t seq = 0;
    std::string token;
  };

  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }

  void read_batch() {
    Source& source = *sources_.emplace_back(std::make_unique<Source>());
    const unsigned events = below(6);
    std::vector<std::pair<EventRecord*, std::vector<Effect>>> made;
    for (unsigned i = 0; i < events; ++i) made.push_back(make_event(source));
    source.last_event = events_;
    Position end = Position::of(token(events_ + 1), 1);
    source.number = frontier_.open(std::move(end), events);
    source.unresolved = events;
    ends_.push_back({source.number, &source});
    for (auto& [record, effects] : made) offer(source, *record, effects);
  }

  std::pair<EventRecord*, std::vector<Effect>> make_event(Source& source) {
    ++events_;
    std::vector<Effect> effects;
    for (unsigned i = below(4); i > 0; --i) effects.push_back(make_effect());
    EventRecord& record = source.records.emplace_back();
    record.token = token(events_);
    record.document = record.token;
    record.cluster_time = events_;
    record.unresolved = static_cast<std::uint32_t>(effects.size());
    return {&record, effects};
  }

  bson::View token(std::uint64_t number) {
    char text[21];
    std::snprintf(text, sizeof text, "%012llu", static_cast<unsigned long long>(number));
    return store_.document(std::string(R"({"_data": ")") + text + "\"}");
  }

  Effect make_effect() {
    const auto target = below(targets);
    const bson::Value& id = ids_[target];
    const std::uint64_t key = bson::Identity(id).hash(0);
    switch (below(8)) {
      case 0:
        return {Refresh{&copy_, id}, key, 0};
      case 1:
        return {Fill{&copy_, id, {}}, key, 0};
      case 2:
        return {Reject{47, "unknown"}, key, 0};
      default: {
        const std::int64_t delta = below(2) == 0 ? 1 : -1;
        offered_[target] += delta;
        return {Increment{&counter_, id, delta}, key, 0};
      }
    }
  }

  void offer(Source& source, EventRecord& record, const std::vector<Effect>& effects) {
    if (effects.empty()) finish(source);
    for (const Effect& effect : effects) {
      ++effects_offered_;
      lanes_[effect.key % lanes].offer({effect, &record, &source, 0}, now_);
    }
  }

  void finish(Source& source) {
    --source.unresolved;
    frontier_.resolve(source.number, 1);
  }

  void step(std::size_t index) {
    Lane& lane = lanes_[index];
    const LaneAction action = lane.next(now_);
    if (action.what == LaneActionKind::wait) return;
    check_batch(index);
    const Outcome outcome = sink(index, lane.batch());
    const LaneReport report = lane.done(outcome, now_);
    ASSERT_FALSE(report.stop) << report.stop->message;
    ASSERT_EQ(report.resolved > 0, outcome.committed);
    for (std::size_t i = 0; i < report.resolved; ++i) resolve(index);
  }

  void check_batch(std::size_t index) {
    const Batch& batch = lanes_[index].batch();
    ASSERT_GT(batch.events, 0U);
    ASSERT_GT(batch.token.at("_data").text(), stored_before_doubt(index)) << "a lane's position only goes up";
  }
  std::string stored_before_doubt(std::size_t index) const {
    return committed_token_.contains(index) ? committed_token_.at(index) : "";
  }

  /// The server. What it has stored is known to it alone; the lane hears only the outcome.
  Outcome sink(std::size_t index, const Batch& batch) {
    Stored& stored = stored_[index];
    Outcome outcome;
    const std::string token(batch.token.at("_data").text());
    if (!calm_ && below(12) == 0) return failure(ErrorKind::transient, {}, false);  // not even reached
    if (stored.seq != batch.guard.seq) {
      // As the sink does: the batch is in already, or this is no longer our lane.
      outcome.committed = stored.seq == batch.guard.seq + 1 && stored.token == token;
      if (!outcome.committed) return failure(ErrorKind::fenced, {}, false);
      committed_token_[index] = token;
      return outcome;
    }
    if (!calm_ && below(5) == 0) return failure(ErrorKind::transient, {}, true);
    if (!calm_ && below(9) == 0) return failure(ErrorKind::too_slow, {}, true);
    for (std::size_t i = 0; i < batch.writes.size(); ++i) {
      const auto* counter = std::get_if<CounterWrite>(&batch.writes[i]);
      if (counter == nullptr || counter->id.integer() != refusing) continue;
      const bool named = below(2) == 0;
      return failure(ErrorKind::own_fault, named ? std::optional(i) : std::nullopt, true);
    }
    if (!calm_ && below(10) == 0) {
      if (below(2) == 0) apply(index, batch);
      outcome = failure(ErrorKind::transient, {}, true);
      outcome.error->unknown_commit = true;
      return outcome;
    }
    apply(index, batch);
    committed_token_[index] = token;
    outcome.committed = true;
    outcome.refreshed = below(5);
    return outcome;
  }

  static Outcome failure(ErrorKind kind, std::optional<std::size_t> write, bool held) {
    Outcome outcome;
    outcome.error = Error{kind, 121, "simulated", false};
    outcome.failed_write = write;
    outcome.guard_held = held;
    return outcome;
  }

  void apply(std::size_t index, const Batch& batch) {
    for (const Write& write : batch.writes) {
      if (const auto* counter = std::get_if<CounterWrite>(&write)) {
        written_[static_cast<unsigned>(*counter->id.integer())] += counter->delta;
      } else if (const auto* letter = std::get_if<LetterWrite>(&write)) {
        ++letters_;
        if (const auto* lost = std::get_if<Increment>(&(*letter)->effect.body)) {
          dead_[static_cast<unsigned>(*lost->id.integer())] += lost->delta;
        }
      }
    }
    stored_[index] = {stored_[index].seq + 1, std::string(batch.token.at("_data").text())};
  }

  void resolve(std::size_t index) {
    const Item item = lanes_[index].front();
    ASSERT_GE(item.event->cluster_time, last_resolved_[index]) << "in stream order";
    last_resolved_[index] = item.event->cluster_time;
    ASSERT_GT(item.event->unresolved, 0U) << "once";
    lanes_[index].pop();
    ++effects_resolved_;
    dead_effects_ += item.refusal != 0 ? 1 : 0;
    if (--item.event->unresolved == 0) finish(*static_cast<Source*>(item.owner));
  }

  /// The frontier stands at the end of the last batch that is resolved with all before it, and nowhere else.
  void advance() {
    std::optional<std::uint64_t> expected;
    while (!ends_.empty() && ends_.front().second->unresolved == 0) {
      expected = ends_.front().second->last_event + 1;
      ends_.pop_front();
    }
    const auto reached = frontier_.advance();
    ASSERT_EQ(reached.has_value(), expected.has_value());
    if (!reached) return;
    ASSERT_EQ(reached->data(), token(*expected).at("_data").text());
  }

  bool all_idle() const {
    return std::ranges::all_of(lanes_, [](const Lane& lane) { return lane.idle(); });
  }

  void check_end() {
    ASSERT_TRUE(all_idle());
    ASSERT_TRUE(frontier_.idle());
    ASSERT_EQ(effects_resolved_, effects_offered_);
    ASSERT_EQ(dead_effects_, letters_) << "a letter for each dead effect, and for no other";
    for (unsigned target = 0; target < targets; ++target) {
      ASSERT_EQ(written_[target], offered_[target] - dead_[target]) << "target " << target;
    }
    ASSERT_EQ(written_[refusing], 0);
  }

  std::mt19937_64 random_;
  test::Store store_;
  std::vector<std::string> rules_{"rule"};
  CounterPlan counter_{"db", "c", "n", false, false};
  CopyPlan copy_{"db", "s", "t", "", "r", {{"a", "b"}}};
  std::vector<bson::Value> ids_;
  std::deque<Lane> lanes_;
  Frontier frontier_;
  std::deque<std::unique_ptr<Source>> sources_;
  std::deque<std::pair<std::uint64_t, Source*>> ends_;
  std::vector<std::uint64_t> last_resolved_;
  std::vector<Stored> stored_;
  std::map<std::size_t, std::string> committed_token_;
  std::map<unsigned, std::int64_t> offered_;
  std::map<unsigned, std::int64_t> written_;
  std::map<unsigned, std::int64_t> dead_;
  std::uint64_t events_ = 0;
  std::size_t effects_offered_ = 0;
  std::size_t effects_resolved_ = 0;
  std::size_t dead_effects_ = 0;
  std::size_t letters_ = 0;
  Time now_{};
  bool calm_ = false;
};

TEST(Simulation, ResolvesEveryEffectOnceWhateverTheOutcomes) {
  const std::uint64_t seed = test::seed();
  for (std::uint64_t run = 0; run < 30 && !testing::Test::HasFatalFailure(); ++run) {
    SCOPED_TRACE(test::seed_line(seed) + ", run " + std::to_string(run));
    Simulation(seed + run).run(200);
  }
}

}  // namespace
}  // namespace sluice::flow
