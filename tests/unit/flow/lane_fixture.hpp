#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "flow/lane.hpp"
#include "unit/bson/json.hpp"

namespace sluice::flow {

using namespace std::chrono_literals;

inline Outcome committed(std::uint64_t refreshed = 0) {
  Outcome outcome;
  outcome.committed = true;
  outcome.refreshed = refreshed;
  return outcome;
}

inline Outcome failed(ErrorKind kind, std::optional<std::size_t> write = {}, std::int32_t code = 1) {
  Outcome outcome;
  outcome.error = Error{kind, code, "because", false};
  outcome.failed_write = write;
  outcome.guard_held = kind == ErrorKind::own_fault || kind == ErrorKind::too_slow;
  return outcome;
}

/// The commit went out and no answer came back.
inline Outcome unanswered() {
  Outcome outcome = failed(ErrorKind::transient);
  outcome.error->unknown_commit = true;
  outcome.guard_held = true;
  return outcome;
}

/// A lane, events to feed it, and a clock that only the test moves.
class LaneTest : public testing::Test {
 protected:
  static constexpr LaneLimits roomy{1000, 4u << 20, 5ms};

  explicit LaneTest(LaneLimits limits = roomy) { make(limits); }

  void make(LaneLimits limits) {
    lane_.emplace(limits, LaneGuard{"p/s/0-of-1/lane-0-of-1", 7, 100}, rules_, 1);
  }
  Lane& lane() { return *lane_; }

  /// The next event of the stream; its token tells its number.
  EventRecord* event() {
    const std::string number = std::to_string(++events_made_);
    const bson::View document =
        store_.document(R"({"_id": {"_data": ")" + number + R"("}, "event": )" + number + "}");
    return &events_.emplace_back(EventRecord{document, document.at("_id").document(), 1000 + events_made_});
  }

  Effect increment(const std::string& id, std::int64_t delta = 1) {
    const bson::Value value = store_.value(id);
    return {Increment{&counter_, value, delta}, bson::Identity(value).hash(1), 0};
  }
  Effect refresh(const std::string& id) {
    const bson::Value value = store_.value(id);
    return {Refresh{&copy_, value}, bson::Identity(value).hash(2), 1};
  }
  Effect fill(const std::string& id, const std::string& seen = "") {
    const bson::Value value = store_.value(id);
    return {Fill{&copy_, value, seen.empty() ? bson::View{} : store_.document(seen)},
            bson::Identity(value).hash(3), 1};
  }
  static Effect reject() { return {Reject{47, "no pre-image"}, 5, 0}; }

  EventRecord* offer(const std::vector<Effect>& effects, EventRecord* of = nullptr) {
    if (of == nullptr) of = event();
    for (const Effect& effect : effects) lane().offer({effect, of, nullptr, 0}, now_);
    return of;
  }

  /// Time goes on until there is nothing to wait for; false when nothing is to be sent.
  bool send() {
    LaneAction action = lane().next(now_);
    if (action.what == LaneActionKind::wait && action.until) {
      now_ = *action.until;
      action = lane().next(now_);
    }
    return action.what == LaneActionKind::send;
  }

  /// An outcome, and what it resolves is taken off.
  LaneReport answer(const Outcome& outcome) {
    const LaneReport report = lane().done(outcome, now_);
    for (std::size_t i = 0; i < report.resolved; ++i) {
      const Item& item = lane().front();
      ++(item.refusal == 0 ? applied_ : dead_);
      lane().pop();
    }
    return report;
  }

  /// The lane has just finished a batch that took so long.
  void be_busy(Duration took) {
    offer({increment("0")});
    ASSERT_TRUE(send());
    now_ += took;
    answer(committed());
  }

  /// The batch as text: "c id delta", "r id", "f id", "dead rule code".
  std::vector<std::string> sent() {
    std::vector<std::string> result;
    for (const Write& write : lane().batch().writes) result.push_back(std::visit(Tell{}, write));
    return result;
  }
  std::string token() { return std::string(lane().batch().token.at("_data").text()); }

  struct Tell {
    static std::string id(const bson::Value& value) {
      if (const auto number = value.integer()) return std::to_string(*number);
      return std::string(value.text());
    }
    std::string operator()(const CounterWrite& write) const {
      return "c " + id(write.id) + " " + std::to_string(write.delta);
    }
    std::string operator()(const RefreshWrite& write) const { return "r " + id(write.source_id); }
    std::string operator()(const FillWrite& write) const {
      return "f " + id(write.target_id) + (write.seen ? " " + write.seen.json() : "");
    }
    std::string operator()(const DeliverWrite& write) const {
      return "deliver " + std::string(write.message->address);
    }
    std::string operator()(const PutWrite& write) const { return "p " + id(write.id); }
    std::string operator()(const LetterWrite& write) const {
      return "dead " + write->rule + " " + std::to_string(write->code) + " " +
             std::string(write->token.at("_data").text());
    }
  };

  using Texts = std::vector<std::string>;

  test::Store store_;
  CounterPlan counter_{"db", "parents", "n", false, false};
  CounterPlan other_counter_{"db", "parents", "m", false, false};
  CopyPlan copy_{"db", "users", "articles", "", "authorId", {{"name", "authorName"}}};
  std::vector<std::string> rules_{"count", "embed"};
  std::deque<EventRecord> events_;
  std::uint64_t events_made_ = 0;
  Time now_{};
  int applied_ = 0;
  int dead_ = 0;

 private:
  std::optional<Lane> lane_;
};

}  // namespace sluice::flow
