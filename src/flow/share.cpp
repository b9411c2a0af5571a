#include "flow/share.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace sluice::flow {

namespace {

constexpr int nobody = -1;
constexpr int outsider = -2;  ///< held by somebody who is not a live member, or being stopped here

class Division {
 public:
  explicit Division(const ShareView& view)
      : view_(view), self_(place_of(view.self)), held_(view.members.size(), 0) {
    for (std::size_t i = 0; i < view.holders.size(); ++i) {
      owners_.push_back(owner_of(i));
      if (owners_.back() >= 0) ++held_[static_cast<std::size_t>(owners_.back())];
    }
  }

  ShareOrder order() {
    ShareOrder order;
    give_what_others_hold(order);
    if (self_ < 0) return order;
    set_shares();
    give_surplus(order);
    take_what_is_free(order);
    return order;
  }

 private:
  int place_of(const std::string& member) const {
    const auto found = std::ranges::find(view_.members, member);
    return found == view_.members.end() ? outsider : static_cast<int>(found - view_.members.begin());
  }

  int owner_of(std::size_t partition) const {
    const std::string& holder = view_.holders[partition];
    if (view_.here[partition] == Seated::leaving) return outsider;
    // A partition that is being started here counts as ours before its lease is held.
    if (holder.empty()) return view_.here[partition] == Seated::yes ? self_ : nobody;
    return place_of(holder);
  }

  void give_what_others_hold(ShareOrder& order) const {
    for (std::size_t i = 0; i < owners_.size(); ++i) {
      const std::string& holder = view_.holders[i];
      const bool lost = !holder.empty() && holder != view_.self;
      if (lost && view_.here[i] == Seated::yes) order.give.push_back(static_cast<int>(i));
    }
  }

  /// Where the partitions cannot be divided evenly, the members that hold most get one more, so that few
  /// move.
  void set_shares() {
    const std::size_t members = view_.members.size();
    const int least = static_cast<int>(owners_.size() / members);
    shares_.assign(members, least);
    std::vector<std::size_t> places(members);
    std::iota(places.begin(), places.end(), std::size_t{0});
    std::ranges::stable_sort(places, [this](std::size_t a, std::size_t b) { return held_[a] > held_[b]; });
    for (std::size_t i = 0; i < owners_.size() % members; ++i) ++shares_[places[i]];
  }

  void give_surplus(ShareOrder& order) {
    const auto self = static_cast<std::size_t>(self_);
    int surplus = held_[self] - shares_[self];
    for (std::size_t i = owners_.size(); i-- > 0 && surplus > 0;) {
      if (owners_[i] != self_) continue;
      --surplus;
      owners_[i] = outsider;
      if (view_.here[i] == Seated::yes) order.give.push_back(static_cast<int>(i));
    }
  }

  void take_what_is_free(ShareOrder& order) {
    for (std::size_t i = 0; i < owners_.size(); ++i) {
      if (owners_[i] == nobody) owners_[i] = neediest();
      if (owners_[i] == self_ && view_.here[i] == Seated::no) order.take.push_back(static_cast<int>(i));
    }
  }

  /// The member that lacks most of its share. The shares add up to all partitions, so as long as one is free
  /// some member has less than its share.
  int neediest() {
    std::size_t neediest = 0;
    for (std::size_t i = 1; i < shares_.size(); ++i) {
      if (shares_[i] - held_[i] > shares_[neediest] - held_[neediest]) neediest = i;
    }
    assert(shares_[neediest] > held_[neediest]);
    ++held_[neediest];
    return static_cast<int>(neediest);
  }

  const ShareView& view_;
  int self_;
  std::vector<int> held_;    ///< by member
  std::vector<int> shares_;  ///< by member
  std::vector<int> owners_;  ///< by partition: the owner's index in members, nobody or outsider
};

}  // namespace

ShareOrder share(const ShareView& view) {
  assert(view.holders.size() == view.here.size());
  return Division(view).order();
}

ShareOrder share_as_assigned(const ShareView& view, const std::vector<int>& assigned) {
  assert(view.holders.size() == view.here.size());
  ShareOrder order;
  for (std::size_t i = 0; i < view.here.size(); ++i) {
    const int partition = static_cast<int>(i);
    const bool wanted = std::ranges::find(assigned, partition) != assigned.end();
    const bool others = !view.holders[i].empty() && view.holders[i] != view.self;
    if (view.here[i] == Seated::yes && (others || !wanted)) order.give.push_back(partition);
    if (view.here[i] == Seated::no && !others && wanted) order.take.push_back(partition);
  }
  return order;
}

}  // namespace sluice::flow
