#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "source/feed/feed_tap.hpp"
#include "source/peer/asio.hpp"
#include "source/peer/peer_reader.hpp"

namespace sluice::source {

class PeerLink;

/// Offers the answers of this process's feeds to the other instances of the cluster. It has a thread that
/// accepts connections, and one for each connection.
class PeerServer {
 public:
  /// A tap that has joined a feed as the request says. Null, and why, if there is none.
  using OpenTap = std::function<std::unique_ptr<FeedTap>(const PeerRequest& request, std::string& why)>;

  struct Parts {
    std::string host;
    int port = 0;  ///< 0: any free one
    std::string secret;
    std::function<void(const std::string&)> say;  ///< any thread may call it
    /// A connection beyond these takes the place of the oldest stranger: one that has not shown yet that it
    /// knows the secret. Without a stranger it is closed.
    std::size_t most_connections = 256;
    /// Each connection needs four file descriptors.
    std::size_t most_strangers = 64;
  };

  /// Throws Stop if it cannot listen there.
  explicit PeerServer(Parts parts);
  ~PeerServer();
  PeerServer(const PeerServer&) = delete;
  PeerServer& operator=(const PeerServer&) = delete;

  int port() const;
  void start(OpenTap open_tap);
  /// Closes all connections. Waits for their threads.
  void stop();

 private:
  struct Listener;
  struct Session;

  void accept(const std::stop_token& stop);
  void begin(tcp::socket socket);
  bool make_room();
  void say_now_and_then(const std::string& what);
  void say_failed(const char* what) const;
  void serve(int socket, Session& session, const std::stop_token& stop);
  std::string converse(PeerLink& link, const std::stop_token& stop);

  const Parts parts_;
  OpenTap open_tap_;
  const std::unique_ptr<Listener> listener_;
  std::mutex mutex_;
  std::list<std::unique_ptr<Session>> sessions_;  ///< guarded by the mutex
  std::string told_;                              ///< guarded by the mutex; what was said of a lack of room
  flow::Time told_at_{};                          ///< guarded by the mutex
  std::jthread thread_;
};

}  // namespace sluice::source
