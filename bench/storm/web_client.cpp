#include "web_client.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

#include "update_many.hpp"

namespace storm {
namespace {

constexpr int kPatienceMs = 30'000;  // without any answer

class Posting {
 public:
  Posting(int port, const std::vector<std::string>& requests, std::size_t connections)
      : requests_(requests), set_(poll_set()) {
    for (std::size_t i = 0; i < connections; ++i) {
      Descriptor socket = connect_to_loopback(port);
      watch(set_, socket.get());
      const int fd = socket.get();
      connections_[fd] = {std::move(socket), 0};
    }
  }

  void run() {
    for (const auto& [fd, connection] : connections_) send_next(fd);
    std::array<epoll_event, 64> ready{};
    while (answered_ < requests_.size()) {
      const int count = epoll_wait(set_.get(), ready.data(), ready.size(), kPatienceMs);
      if (count == 0) throw std::runtime_error("the service does not answer the bare client");
      for (int i = 0; i < count; ++i) receive(ready[static_cast<std::size_t>(i)].data.fd);
    }
  }

 private:
  struct Connection {
    Descriptor socket;
    std::size_t received = 0;  ///< bytes of the current answer
  };

  const std::vector<std::string>& requests_;
  Descriptor set_;
  std::unordered_map<int, Connection> connections_;
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;

  void send_next(int fd) {
    if (sent_ == requests_.size()) return;
    const std::string& request = requests_[sent_++];
    if (!send_all(fd, request.data(), request.size())) throw std::runtime_error("the service hung up");
  }

  /// Receives a part of an answer. All answers are WebService::kAnswer, so only the bytes are counted.
  void receive(int fd) {
    std::array<char, WebService::kAnswer.size()> piece{};
    std::size_t& received = connections_.at(fd).received;
    const ssize_t size = recv(fd, piece.data(), WebService::kAnswer.size() - received, MSG_DONTWAIT);
    if (size <= 0) throw std::runtime_error("the service hung up");
    received += static_cast<std::size_t>(size);
    if (received < WebService::kAnswer.size()) return;
    received = 0;
    ++answered_;
    send_next(fd);
  }
};

std::string_view body_of(std::string_view request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

std::string_view key_of(std::string_view request) {
  constexpr std::string_view name = "Idempotency-Key: ";
  const std::size_t begin = request.find(name) + name.size();
  return request.substr(begin, request.find("\r\n", begin) - begin);
}

}  // namespace

double post_all(const WebService& service, const std::vector<std::string>& requests,
                std::size_t connections) {
  const auto start = std::chrono::steady_clock::now();
  Posting(service.port(), requests, connections).run();
  return since(start);
}

std::vector<std::string> in_batches(const std::vector<std::string>& singles, std::size_t size) {
  std::vector<std::string> batches;
  for (std::size_t begin = 0; begin < singles.size(); begin += size) {
    std::string body;
    for (std::size_t i = begin; i < std::min(begin + size, singles.size()); ++i) {
      body.append(body.empty() ? "[" : ",").append(R"({"id":")").append(key_of(singles[i]));
      body.append(R"(","body":)").append(body_of(singles[i])).append("}");
    }
    body += ']';
    const std::string_view first = singles[begin];
    std::string head = std::string(first.substr(0, first.find("\r\n"))) + "\r\nHost: 127.0.0.1\r\n";
    head.append("Idempotency-Key: ").append(key_of(first)).append("\r\nContent-Type: application/json\r\n");
    batches.push_back(head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  return batches;
}

}  // namespace storm
