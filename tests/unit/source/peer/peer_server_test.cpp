#include "source/peer/peer_server.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <list>
#include <mutex>
#include <stdexcept>

#include "sluice/bson_builder.hpp"
#include "source/peer/peer_link.hpp"
#include "source/peer/peer_messages.hpp"

namespace sluice::source {
namespace {

using namespace std::chrono_literals;

/// A connection over which nothing is sent.
class Idle {
 public:
  explicit Idle(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot connect");
  }
  ~Idle() { ::close(socket_); }
  Idle(const Idle&) = delete;
  Idle& operator=(const Idle&) = delete;

  /// Waits until the other end has closed it.
  bool is_closed() const {
    char byte = 0;
    return ::recv(socket_, &byte, 1, 0) <= 0;
  }
  bool is_open() const {
    char byte = 0;
    return ::recv(socket_, &byte, 1, MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

 private:
  int socket_;
};

class PeerServerTest : public testing::Test {
 protected:
  static constexpr std::size_t most = 8;
  static constexpr std::size_t most_strangers = 4;

  PeerServerTest() {
    server_.start([this](const PeerRequest&, std::string& why) {
      std::unique_lock lock(mutex_);
      ++asked_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return may_answer_; });
      why = "there is no feed";
      return nullptr;
    });
  }
  ~PeerServerTest() override { answer(); }

  std::string connect(PeerLink& link) const { return link.connect("127.0.0.1", server_.port(), secret_, 2s); }
  /// Connects, and asks for the feed. The answer comes after answer().
  void ask(PeerLink& link) {
    ASSERT_EQ(connect(link), "");
    bson::Builder token;
    bson::Builder out;
    const auto after = Position::of(token.append("_data", "82").finish(), 1);
    const bson::View request = peer::make_request({"orders", 1, {0}, after, true}, out);
    std::unique_lock lock(mutex_);
    const int before = asked_;
    ASSERT_EQ(link.send({request.data(), request.size()}, 2s), "");
    changed_.wait(lock, [&] { return asked_ > before; });
  }
  void answer() {
    const std::lock_guard lock(mutex_);
    may_answer_ = true;
    changed_.notify_all();
  }
  static bool is_answered(PeerLink& link) {
    std::vector<std::uint8_t> bytes;
    return link.receive(bytes, 5s).empty();
  }
  std::vector<std::string> said() {
    const std::lock_guard lock(mutex_);
    return said_;
  }

  const std::string secret_ = new_secret();
  std::mutex mutex_;
  std::condition_variable changed_;
  int asked_ = 0;
  bool may_answer_ = false;
  std::vector<std::string> said_;
  PeerServer server_{{"127.0.0.1", 0, secret_,
                      [this](const std::string& text) {
                        const std::lock_guard lock(mutex_);
                        said_.push_back(text);
                      },
                      most, most_strangers}};
};

TEST_F(PeerServerTest, AnInstanceTakesThePlaceOfTheOldestConnectionThatDoesNotKnowTheSecret) {
  PeerLink first;
  ASSERT_NO_FATAL_FAILURE(ask(first));
  std::list<Idle> idle;
  for (std::size_t i = 0; i < most_strangers; ++i) idle.emplace_back(server_.port());
  PeerLink second;
  ASSERT_NO_FATAL_FAILURE(ask(second));
  EXPECT_TRUE(idle.front().is_closed());
  EXPECT_TRUE(idle.back().is_open());
  answer();
  EXPECT_TRUE(is_answered(first));
  EXPECT_TRUE(is_answered(second));
  ASSERT_EQ(said().size(), 1U);
  EXPECT_NE(said()[0].find("do not show that they are of an instance"), std::string::npos) << said()[0];
}

TEST_F(PeerServerTest, TheLastPlaceIsNotForOneThatDoesNotKnowTheSecret) {
  std::list<PeerLink> links;
  for (std::size_t i = 1; i < most; ++i) ASSERT_NO_FATAL_FAILURE(ask(links.emplace_back()));
  const Idle idle(server_.port());
  ASSERT_NO_FATAL_FAILURE(ask(links.emplace_back()));
  EXPECT_TRUE(idle.is_closed());
  answer();
  for (PeerLink& link : links) EXPECT_TRUE(is_answered(link));
}

TEST_F(PeerServerTest, ConnectionsThatDoNotKnowTheSecretDoNotKeepEachOtherOpen) {
  std::list<Idle> idle;
  for (std::size_t i = 0; i < 5 * most; ++i) idle.emplace_back(server_.port());
  for (std::size_t i = most_strangers; i < 5 * most; ++i, idle.pop_front())
    EXPECT_TRUE(idle.front().is_closed());
  PeerLink link;
  EXPECT_EQ(connect(link), "");
}

TEST_F(PeerServerTest, InstancesAreNotClosedForOthers) {
  std::list<PeerLink> links;
  for (std::size_t i = 0; i < most; ++i) ASSERT_NO_FATAL_FAILURE(ask(links.emplace_back()));
  PeerLink another;
  EXPECT_NE(connect(another), "");
  Idle idle(server_.port());
  EXPECT_TRUE(idle.is_closed());
  answer();
  for (PeerLink& link : links) EXPECT_TRUE(is_answered(link));
  ASSERT_EQ(said().size(), 1U);
  EXPECT_NE(said()[0].find("no other one can read"), std::string::npos) << said()[0];
}

TEST_F(PeerServerTest, StopsWhateverIsOpen) {
  std::list<Idle> idle;
  for (std::size_t i = 2; i < most_strangers; ++i) idle.emplace_back(server_.port());
  PeerLink link;
  ASSERT_EQ(connect(link), "");
  server_.stop();
  for (const Idle& one : idle) EXPECT_TRUE(one.is_closed());
}

}  // namespace
}  // namespace sluice::source
