#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::flow {

/// What earlier runs are known to have done, with whatever number of shards and lanes. Each fact reads: "of
/// the events whose hash falls to shard `index` of `count`, all up to `floor` are done, and of their effects
/// those of lane k of `lanes.size()` up to lanes[k]". Positions are the _data of resume tokens, which compare
/// as the events do. A fact never becomes false, so it stays valid when the layout changes; it is dropped
/// once the stream has passed it.
class DoneTable {
 public:
  struct Fact {
    std::uint64_t count = 1;
    std::uint64_t index = 0;
    std::string floor;
    std::vector<std::string> lanes;  ///< "": that lane has never committed

    friend bool operator==(const Fact&, const Fact&) = default;

    /// The newest position that the fact covers.
    const std::string& newest() const {
      const auto lane = std::ranges::max_element(lanes);
      return lane == lanes.end() || *lane < floor ? floor : *lane;
    }
  };

  void add(Fact fact) {
    newest_ = std::max(newest_, fact.newest());
    facts_.push_back(std::move(fact));
  }

  /// Whether the whole event is done. `hash` is the server's hash of the document's id; only facts with
  /// several shards use it.
  bool event_done(std::uint64_t hash, std::string_view token) const {
    return std::ranges::any_of(facts_,
                               [&](const Fact& fact) { return covers(fact, hash) && token <= fact.floor; });
  }

  bool effect_done(std::uint64_t hash, std::uint64_t key, std::string_view token) const {
    return std::ranges::any_of(facts_, [&](const Fact& fact) {
      return covers(fact, hash) && !fact.lanes.empty() && token <= fact.lanes[key % fact.lanes.size()];
    });
  }

  /// Whether any fact can still cover an event at `token`. Events come in order, so once it is false it stays
  /// false.
  bool matters_at(std::string_view token) const { return token <= newest_; }

  /// Whether any fact covers events behind `floor`.
  bool matters_behind(std::string_view floor) const { return newest_ > floor; }

  /// Drops facts that cover no event behind `floor`, and duplicates. Facts are carried from layout to layout,
  /// and duplicates would double each time.
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
