#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace workbench {

/// A network between two programs of this machine that fails on request: what connects to `host()` is passed
/// on to a port of 127.0.0.1. It begins healthy. Any thread may call any function; what was asked for is in
/// force when the function returns.
class TcpProxy {
 public:
  explicit TcpProxy(int target_port);
  /// Closes all connections, and gives the port back.
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  std::string host() const;

  /// Resets all connections, and refuses new ones until heal().
  void cut();
  /// Nothing passes in either direction until heal(), nor does a close; new connections are accepted, and
  /// hang likewise. What was held back arrives late, in order.
  void stall();
  /// The connections that are open now are dead for good, and neither side is told, as when a firewall
  /// forgets them. New ones work.
  void forget_connections();
  /// Each piece of data arrives so much later, in each direction; zero ends it.
  void delay(std::chrono::milliseconds time);
  /// Ends a cut, a stall and a delay. Connections that were forgotten stay dead.
  void heal();

  /// Connections that pass data, or would if they were not stalled.
  std::size_t connections() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace workbench
