#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::flow {

/// What earlier runs are known to have done, however many shards and lanes they had.
/// Each fact reads: "of the events whose hash falls to shard `index` of `count`, all up to `floor` are done,
/// and of their effects those of lane k of `lanes.size()` up to lanes[k]". Positions are resume tokens'
/// _data, which compare as the events do. Facts never become false, so they survive any change of layout;
/// they are dropped once the stream has passed them.
class DoneTable {
 public:
  struct Fact {
    std::uint64_t count = 1;
    std::uint64_t index = 0;
    std::string floor;
    std::vector<std::string> lanes;  ///< an empty text: that lane never committed

    friend bool operator==(const Fact&, const Fact&) = default;

    /// The newest position that it says anything about.
    const std::string& newest() const {
      const auto lane = std::ranges::max_element(lanes);
      return lane == lanes.end() || *lane < floor ? floor : *lane;
    }
  };

  void add(Fact fact) {
    newest_ = std::max(newest_, fact.newest());
    facts_.push_back(std::move(fact));
  }

  /// Whether the whole event is done. `hash` is the server's hash of its id; it matters only to facts of
  /// another layout.
  bool event_done(std::uint64_t hash, std::string_view token) const {
    return std::ranges::any_of(facts_,
                               [&](const Fact& fact) { return covers(fact, hash) && token <= fact.floor; });
  }

  bool effect_done(std::uint64_t hash, std::uint64_t key, std::string_view token) const {
    return std::ranges::any_of(facts_, [&](const Fact& fact) {
      return covers(fact, hash) && !fact.lanes.empty() && token <= fact.lanes[key % fact.lanes.size()];
    });
  }

  /// Whether any fact can still matter at `token`. Events come in order, so once false it stays so.
  bool matters_at(std::string_view token) const { return token <= newest_; }

  /// Whether any fact says something about events behind `floor`.
  bool matters_behind(std::string_view floor) const { return newest_ > floor; }

  /// Drops what says nothing about events behind `floor`, and what is said twice: facts are carried from
  /// layout to layout, and would else double with each.
  static void prune(std::vector<Fact>& facts, std::string_view floor) {
    std::vector<Fact> kept;
    for (Fact& fact : facts) {
      if (fact.newest() > floor && std::ranges::find(kept, fact) == kept.end())
        kept.push_back(std::move(fact));
    }
    facts = std::move(kept);
  }

  const std::vector<Fact>& facts() const { return facts_; }
  void clear() {
    facts_.clear();
    newest_.clear();
  }

 private:
  static bool covers(const Fact& fact, std::uint64_t hash) {
    return fact.count <= 1 || hash % fact.count == fact.index;
  }

  std::vector<Fact> facts_;
  std::string newest_;
};

}  // namespace sluice::flow
