#pragma once

#include <gtest/gtest.h>
#include <prometheus/counter.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/dispatcher.hpp"
#include "unit/rules/realworld.hpp"
#include "unit/source/events.hpp"

namespace sluice::pipeline {

using Fact = flow::DoneTable::Fact;

/// A dispatcher between hand-made answers of the server, the rules of RealWorld, and lanes that the test
/// sends.
class DispatcherTest : public testing::Test {
 protected:
  static constexpr std::size_t lane_count = 2;

  void start(std::vector<Fact> facts = {}, std::size_t lanes = lane_count,
             std::vector<std::string> told_elsewhere = {}) {
    std::vector<flow::Lane*> pointers;
    for (std::size_t i = 0; i < lanes; ++i) {
      pointers.push_back(&lanes_.emplace_back(flow::LaneLimits{}, LaneGuard{}, names_, 1));
    }
    dispatcher_.start(std::move(facts), std::move(pointers), {}, {}, std::move(told_elsewhere));
  }

  /// A getMore's answer; the events' tokens are given by them.
  std::unique_ptr<source::StreamBatch> batch(const std::vector<test::EventJson>& events,
                                             const std::string& end) {
    std::string list;
    for (const auto& event : events) list += (list.empty() ? "" : ", ") + event.text();
    const std::string json = R"({"cursor": {"id": 1, "nextBatch": [)" + list +
                             R"(], "postBatchResumeToken": {"_data": ")" + end +
                             R"("}}, "operationTime": {"$timestamp": {"t": 99, "i": 1}}})";
    auto made = std::make_unique<source::StreamBatch>();
    auto answer = std::make_shared<source::Answer>();
    bson_error_t error{};
    EXPECT_TRUE(bson_init_from_json(answer->reply.document.out(), json.c_str(), -1, &error)) << error.message;
    const bson::View cursor = answer->reply.view().at("cursor").document();
    for (const auto& [index, event] : cursor.at("nextBatch").document())
      made->events.push_back(event.document());
    made->resume_token = cursor.at("postBatchResumeToken").document();
    made->operation_time = answer->reply.view().at("operationTime").timestamp();
    made->size = answer->bytes();
    made->owner = std::move(answer);
    return made;
  }

  std::optional<std::string> dispatch(const std::vector<test::EventJson>& events, const std::string& end) {
    auto made = batch(events, end);
    budget_.add(static_cast<std::int64_t>(made->events.size()), static_cast<std::int64_t>(made->size));
    return dispatcher_.dispatch(std::move(made), now_);
  }

  /// Sends everything that a lane holds, and takes it as committed.
  void commit(std::size_t lane) {
    lanes_[lane].flush();
    while (lanes_[lane].next(now_).what == flow::LaneActionKind::send) {
      Outcome outcome;
      outcome.committed = true;
      dispatcher_.resolve(lanes_[lane], lanes_[lane].done(outcome, now_).resolved);
    }
  }
  void commit_all() {
    for (std::size_t i = 0; i < lanes_.size(); ++i) commit(i);
  }

  std::string reached() {
    const auto position = dispatcher_.advance();
    return position ? std::string(position->data()) : "none";
  }

  std::size_t queued() const {
    std::size_t count = 0;
    for (const flow::Lane& lane : lanes_) count += lane.queued();
    return count;
  }

  /// "read applied filtered dead"; the last three add up to the first once nothing is under way.
  std::string ends() const {
    const auto text = [](const prometheus::Counter& counter) {
      return std::to_string(static_cast<int>(counter.Value()));
    };
    return text(metrics_.events_read) + " " + text(metrics_.events_applied) + " " +
           text(metrics_.events_filtered) + " " + text(metrics_.events_dead);
  }
  int skipped(const std::string& rule) {
    return static_cast<int>(metrics_.rule_effects(rule).skipped.Value());
  }

  static test::EventJson favorite(const std::string& token, const std::string& article) {
    test::EventJson event =
        test::inserted("favorites", "\"" + token + "\"", R"({"articleId": )" + article + "}");
    event.token = token;
    return event;
  }
  static test::EventJson control(const std::string& token, const std::string& operation,
                                 const std::string& collection) {
    return {.operation = operation, .collection = collection, .id = "", .token = token};
  }
  /// The lane of an article's counter.
  static std::uint64_t key_of_article(test::Store& store, const std::string& id) {
    return bson::Identity(store.value(id)).hash(rules::key_seed("conduit", "articles"));
  }

  std::vector<std::unique_ptr<Rule>> rules_ = test::realworld_rules();
  std::vector<std::string> names_{"author-copies", "favorites-count", "tag-tally"};
  observe::Metrics all_metrics_;
  observe::StreamMetrics& metrics_ = all_metrics_.stream("main");
  flow::Budget budget_{1000, 1 << 20};
  Dispatcher dispatcher_{rules_, budget_, metrics_};
  std::deque<flow::Lane> lanes_;
  flow::Time now_{};
  test::Store store_;
};

}  // namespace sluice::pipeline
