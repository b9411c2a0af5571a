#pragma once

#include <string>
#include <vector>

#include "config/addresses/url_origin.hpp"
#include "flow/time.hpp"
#include "sinks/net/asio.hpp"

namespace sluice::sinks::net {

/// The IP addresses of an endpoint's host, shared by its connections. They are looked up again after a few
/// seconds, or when none of them accepted a connection. For the endpoint's thread only.
class HostAddresses {
 public:
  /// `origin` must outlive it. A host that is an IP address is never looked up.
  HostAddresses(asio::io_context& io, const config::UrlOrigin& origin);

  /// Waits until list() can be used, at most until `until`. Returns an empty text, or why there are no
  /// addresses. To end the wait early, set `abandoned` and cancel `wake`; both must outlive the call.
  asio::awaitable<std::string> find(asio::steady_timer& wake, const bool& abandoned, flow::Time until);

  /// The addresses; the one that accepted the last connection comes first.
  const std::vector<tcp::endpoint>& list() const { return list_; }
  bool is_looking_up() const { return looking_up_; }

  /// Call after `address` accepted a connection: it is tried first next time.
  void prefer(const tcp::endpoint& address);
  /// Call after no address accepted a connection: they are looked up again before the next attempt.
  void expire();
  /// Cancels a look-up that is under way. After that, find() no longer waits.
  void stop();

 private:
  asio::awaitable<void> look_up();
  void looked_up(const std::string& why_not);

  const config::UrlOrigin& origin_;
  asio::io_context& io_;
  tcp::resolver resolver_;
  std::vector<tcp::endpoint> list_;
  flow::Time good_until_{};
  bool fixed_ = false;  ///< the host is an IP address
  bool looking_up_ = false;
  bool stopping_ = false;
  std::string none_found_;                    ///< why the last look-up found no address
  std::vector<asio::steady_timer*> waiting_;  ///< timers of the waiting calls of find()
};

}  // namespace sluice::sinks::net
