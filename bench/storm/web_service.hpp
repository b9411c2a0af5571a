#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "socket.hpp"

namespace storm {

/// An HTTP/1.1 service on a free port of loopback, with one thread and persistent connections. It only
/// records which users (see data.hpp) its requests are about.
class WebService {
 public:
  enum class Answers {
    at_once,
    late,   ///< after one second
    never,  ///< but keeps the connection open
  };
  static constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

  explicit WebService(Answers answers = Answers::at_once);
  /// Closes all connections.
  ~WebService();
  WebService(const WebService&) = delete;
  WebService& operator=(const WebService&) = delete;

  int port() const { return port_; }
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }

  std::size_t requests() const { return requests_; }    ///< number of answered requests
  std::size_t documents() const { return documents_; }  ///< number of different users in these
  double cpu_seconds();
  /// Resets the counts. With `keep`, the text of further requests is stored; see kept().
  void forget(bool keep = false);
  std::vector<std::string> kept() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Connection {
    Descriptor socket;
    std::uint64_t number = 0;  ///< unique, while descriptors are reused
    std::string text;
    std::size_t wanted = 0;  ///< size of the request being received; 0 while it is not known
  };
  struct Waiting {
    Clock::time_point due;
    int fd;
    std::uint64_t number;
  };

  const Answers answers_;
  int port_ = 0;
  Descriptor listener_;
  Descriptor set_;
  Descriptor wake_;
  std::atomic<std::size_t> requests_{0};
  std::atomic<std::size_t> documents_{0};
  std::unordered_map<int, Connection> connections_;  ///< used by the thread only, as the next two
  std::deque<Waiting> waiting_;
  std::uint64_t accepted_ = 0;
  mutable std::mutex mutex_;  ///< guards the next three
  std::vector<bool> told_;
  bool keep_ = false;
  std::vector<std::string> kept_;
  std::thread thread_;

  void run();
  int patience() const;
  void accept_one();
  void hang_up(int fd);
  bool receive(Connection& connection);
  bool take_all(Connection& connection);
  bool take(const Connection& connection, std::string_view request);
  void note(std::string_view request);
  void answer_waiting();
};

}  // namespace storm
