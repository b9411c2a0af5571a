#include "inspect/feed_inspector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "checkpoint/membership.hpp"
#include "config/feed_check.hpp"
#include "mongo/client.hpp"
#include "sluice/error.hpp"
#include "source/peer/peer_link.hpp"
#include "source/peer/peer_server.hpp"

namespace sluice::inspect {

namespace {

constexpr auto patience = std::chrono::seconds(2);

/// The member of the cluster that runs on this machine and listens on the port.
std::optional<checkpoint::MemberRecord> member_with_port(const Config& config,
                                                         const checkpoint::LeaseHolder& self) {
  for (const StreamConfig& stream : config.streams) {
    mongo::ClientPool pool(stream, 1, "sluice check");
    const auto client = pool.acquire();
    checkpoint::ClusterRecord cluster;
    if (checkpoint::read_cluster(client.get(), config.state_database, config.pipeline + "/" + stream.name,
                                 cluster))
      continue;
    const auto found = std::ranges::find_if(cluster.members, [&](const auto& member) {
      return member.live && member.holder.host == self.host && member.peer &&
             member.peer->port == config.feed.port;
    });
    if (found != cluster.members.end()) return *found;
  }
  return std::nullopt;
}

/// Whether others reach the instance, as far as this machine can tell.
Finding look_at_address(const Peer& peer, const std::string& who) {
  source::PeerLink link;
  const std::string why = link.connect(peer.host, peer.port, peer.secret, patience);
  if (why.empty())
    return {Level::ok, "cluster", who + "; it answers at " + peer.address() + " from this machine"};
  return {Level::warning, "cluster",
          fmt::format("{}, but not at {}, which other instances are told: {}. They will read the change "
                      "stream by themselves. Set --feed-address (SLUICE_FEED_ADDRESS, cluster.feed_address) "
                      "to a name or an address of this machine, and let firewalls pass the port",
                      who, peer.address(), why)};
}

}  // namespace

void look_at_feed(const Config& config, const std::function<void(const Finding&)>& report) {
  if (!config.feed) return;
  const checkpoint::LeaseHolder self = checkpoint::LeaseHolder::self();
  const std::string where = fmt::format("{}:{}", config.feed.host, config.feed.port);
  const Peer here{self.instance, config::feed_address(config.feed, self.host), config.feed.port,
                  source::new_secret()};
  try {
    source::PeerServer server({config.feed.host, config.feed.port, here.secret, [](const std::string&) {}});
    server.start([](const source::PeerRequest&, std::string&) { return nullptr; });
    report(look_at_address(here, "can listen for the other instances on " + where));
  } catch (const Stop& stop) {
    const auto member = member_with_port(config, self);
    if (!member) return report({Level::error, "cluster", stop.what()});
    report(look_at_address(
        *member->peer,
        fmt::format("an instance of the cluster runs on this machine and listens on port {} (process {}; a "
                    "second one here needs another --feed-port)",
                    config.feed.port, member->holder.pid)));
  }
}

}  // namespace sluice::inspect
