#pragma once

#include <string>
#include <vector>

#include "config/addresses/url_origin.hpp"
#include "flow/time.hpp"
#include "sinks/webhook/asio.hpp"

namespace sluice::sinks::webhook {

/// The IP addresses of an endpoint's host. They are looked up once for all connections, and again after a few
/// seconds or when none of them accepted a connection. All functions are called on the endpoint's thread.
class HostAddresses {
 public:
  /// `origin` must outlive it. A host that is an IP address is never looked up.
  HostAddresses(asio::io_context& io, const config::UrlOrigin& origin);

  /// Waits until list() can be used. Returns "" then, or the reason why it cannot. Ends early, as if timed
  /// out, once `abandoned` is set and `wake` is cancelled. Both must outlive the call.
  asio::awaitable<std::string> find(asio::steady_timer& wake, const bool& abandoned, flow::Time until);

  /// The addresses, beginning with the one that accepted a connection last.
  const std::vector<tcp::endpoint>& list() const { return list_; }
  bool is_looking_up() const { return looking_up_; }

  /// Notes that the address accepted a connection: it is tried first next time.
  void prefer(const tcp::endpoint& address);
  /// Notes that no address accepted a connection: they are looked up again before the next attempt.
  void expire();
  /// Cancels a running look-up. find() does not wait any more.
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
  std::vector<asio::steady_timer*> waiting_;  ///< the timers of waiting find() calls
};

}  // namespace sluice::sinks::webhook
