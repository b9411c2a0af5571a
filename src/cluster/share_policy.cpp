#include "cluster/share_policy.hpp"

#include <algorithm>
#include <utility>

#include "sluice/bson.hpp"

namespace sluice::cluster {

int SharePolicy::members_of(const checkpoint::ClusterRecord& record) const {
  return static_cast<int>(
      std::ranges::count_if(record.members, [this](const auto& member) { return counts(member); }));
}

/// Whether a member is live and has the same number of partitions and the same rules. Only such members share
/// the partitions. Others wait until these have stopped, or the other way round (see waits_for()).
bool SharePolicy::counts(const checkpoint::MemberRecord& member) const {
  return member.live && member.partitions == parts_.partitions && member.options_hash == parts_.options_hash;
}

/// While any shard is held under another number of partitions or other rules, this member takes none. So
/// during a deployment the rules of a partition change once, and not with each change of its holder.
std::string SharePolicy::waits_for(const checkpoint::ClusterRecord& record) const {
  const auto held = std::ranges::find_if(record.shards, [&](const checkpoint::PartitionRecord& shard) {
    return shard.held && (record.layout != parts_.partitions || shard.options_hash != parts_.options_hash);
  });
  return held == record.shards.end() ? "" : checkpoint::wait_text(*held, record.layout, parts_.partitions);
}

/// Whether a member that counts is not hindered.
bool SharePolicy::any_able(const checkpoint::ClusterRecord& record) const {
  return std::ranges::any_of(record.members,
                             [this](const auto& member) { return counts(member) && !member.hindered; });
}

/// Members that are hindered (they cannot reach what they publish to) give all their partitions to the
/// others. If all members are hindered, the cause is the server that they publish to, so partitions stay
/// where they are.
bool SharePolicy::stands_aside(const checkpoint::ClusterRecord& record) const {
  return any_able(record) &&
         std::ranges::any_of(record.members, [this](const checkpoint::MemberRecord& member) {
           return member.instance == parts_.self && member.hindered;
         });
}

flow::ShareOrder SharePolicy::order_of(const checkpoint::ClusterRecord& record,
                                       std::vector<flow::Seated> here) const {
  const bool aside = stands_aside(record);
  const flow::ShareView view = view_of(record, std::move(here));
  return aside ? flow::share_as_assigned(view, {}) : flow::share(view);
}

flow::ShareOrder SharePolicy::order_of(const checkpoint::ClusterRecord& record,
                                       std::vector<flow::Seated> here,
                                       const std::vector<int>& assigned) const {
  return flow::share_as_assigned(view_of(record, std::move(here)), assigned);
}

std::vector<Peer> SharePolicy::peers_of(const checkpoint::ClusterRecord& record) const {
  std::vector<Peer> peers;
  for (const checkpoint::MemberRecord& member : record.members) {
    const auto holds = [&](const checkpoint::PartitionRecord& shard) {
      return shard.held && shard.holder.instance == member.instance;
    };
    if (member.peer && member.follows.empty() && counts(member) && std::ranges::any_of(record.shards, holds))
      peers.push_back(*member.peer);
  }
  return peers;
}

flow::ShareView SharePolicy::view_of(const checkpoint::ClusterRecord& record,
                                     std::vector<flow::Seated> here) const {
  flow::ShareView view;
  view.self = parts_.self;
  const bool some_can = any_able(record);
  for (const checkpoint::MemberRecord& member : record.members) {
    if (counts(member) && !(some_can && member.hindered)) view.members.push_back(member.instance);
  }
  // The order differs from stream to stream, so that with one partition each, streams run on different
  // members.
  const std::string& stream = parts_.stream;
  std::ranges::sort(view.members, {}, [&stream](const std::string& member) {
    return std::pair(bson::stable_hash(stream + "/" + member, 0), member);
  });
  view.holders.resize(here.size());
  if (record.layout == parts_.partitions) {
    for (const checkpoint::PartitionRecord& shard : record.shards) {
      const auto index = static_cast<std::size_t>(shard.index);
      if (shard.held && index < view.holders.size()) view.holders[index] = shard.holder.instance;
    }
  }
  view.here = std::move(here);
  return view;
}

}  // namespace sluice::cluster
