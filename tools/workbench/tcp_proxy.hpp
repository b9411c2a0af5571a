#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace workbench {

/// A TCP proxy that simulates network failures: it forwards connections to `host()` to a port of 127.0.0.1.
/// It begins healthy. Thread-safe. Each function takes effect before it returns.
class TcpProxy {
 public:
  explicit TcpProxy(int target_port);
  /// Closes all connections, and releases the port.
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  std::string host() const;

  /// Resets all connections, and refuses new ones until heal().
  void cut();
  /// Holds back all data and closes in both directions until heal(). New connections are accepted, and hang,
  /// too. What was held back is delivered then, in order.
  void stall();
  /// Makes the open connections pass nothing any more without closing them, as when a firewall forgets them.
  /// New connections work.
  void forget_connections();
  /// Delays each piece of data by this time, in each direction. Zero ends the delay.
  void delay(std::chrono::milliseconds time);
  /// Ends a cut, a stall and a delay. Connections that were forgotten stay dead.
  void heal();

  /// The number of open connections that have not been forgotten.
  std::size_t connections() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace workbench
