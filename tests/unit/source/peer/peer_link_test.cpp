#include "source/peer/peer_link.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <stdexcept>

#include "sluice/bson_builder.hpp"
#include "source/peer/asio.hpp"
#include "support/certificates.hpp"

namespace sluice::source {
namespace {

using namespace std::chrono_literals;

/// A socket of the kernel's choice that listens on 127.0.0.1.
class Listening {
 public:
  Listening() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_, plain, size) != 0 || ::listen(socket_, 8) != 0 ||
        ::getsockname(socket_, plain, &size) != 0)
      throw std::runtime_error("cannot listen");
    port_ = ntohs(address.sin_port);
  }
  ~Listening() { ::close(socket_); }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  int port() const { return port_; }
  int accept() const { return ::accept(socket_, nullptr, nullptr); }

 private:
  int socket_;
  int port_ = 0;
};

std::vector<std::uint8_t> document(const std::string& text) {
  bson::Builder out;
  const bson::View view = out.append("text", text).finish();
  return {view.data(), view.data() + view.size()};
}

/// What went wrong at the accepting end, whose secret is `theirs`, and at the other one.
std::pair<std::string, std::string> connect(const std::string& ours, const std::string& theirs) {
  Listening listening;
  auto accepted = std::async(std::launch::async, [&] {
    PeerLink link;
    return link.accept(listening.accept(), theirs, 5s);
  });
  PeerLink link;
  std::string why = link.connect("127.0.0.1", listening.port(), ours, 5s);
  // In TLS 1.3 the client learns only afterwards what the server thinks of it.
  std::vector<std::uint8_t> bytes;
  if (why.empty()) why = link.receive(bytes, 5s);
  return {accepted.get(), why};
}

TEST(PeerLink, CarriesDocumentsOfAnySize) {
  Listening listening;
  const std::string secret = new_secret();
  const auto large = document(std::string(20 << 20, 'x'));
  auto echoing = std::async(std::launch::async, [&] {
    PeerLink link;
    std::string why = link.accept(listening.accept(), secret, 5s);
    std::vector<std::uint8_t> bytes;
    for (int i = 0; i < 2 && why.empty(); ++i) {
      why = link.receive(bytes, 5s);
      if (why.empty()) why = link.send(bytes, 5s);
    }
    return why;
  });
  PeerLink link;
  ASSERT_EQ(link.connect("127.0.0.1", listening.port(), secret, 5s), "");
  for (const auto& sent : {document("small"), large}) {
    ASSERT_EQ(link.send(sent, 5s), "");
    std::vector<std::uint8_t> got;
    ASSERT_EQ(link.receive(got, 5s), "");
    EXPECT_EQ(got, sent);
  }
  EXPECT_EQ(echoing.get(), "");
}

TEST(PeerLink, IsRefusedWithoutTheSecret) {
  const std::string secret = new_secret();
  EXPECT_NE(secret, new_secret());
  EXPECT_EQ(secret.size(), 64U);
  for (const std::string& wrong : {new_secret(), std::string()}) {
    const auto [server, client] = connect(wrong, secret);
    EXPECT_NE(server.find("handshake failed"), std::string::npos) << server;
    EXPECT_NE(client, "");
  }
}

/// Whoever takes over the address of an instance must not be able to feed events to the others.
TEST(PeerLink, RefusesAServerThatShowsACertificateInstead) {
  Listening listening;
  const test::Certificates certificates;
  auto impostor = std::async(std::launch::async, [&] {
    asio::io_context io;
    asio::ssl::context context(asio::ssl::context::tls_server);
    context.use_certificate_file(certificates.server(), asio::ssl::context::pem);
    context.use_private_key_file(certificates.server(), asio::ssl::context::pem);
    asio::ssl::stream<tcp::socket> stream(io, context);
    stream.lowest_layer().assign(tcp::v4(), listening.accept());
    error_code error;
    stream.handshake(asio::ssl::stream_base::server, error);
    return !error;
  });
  PeerLink link;
  EXPECT_NE(link.connect("127.0.0.1", listening.port(), new_secret(), 5s), "");
  impostor.get();
}

TEST(PeerLink, GivesUpWhereNobodyAnswers) {
  Listening listening;
  PeerLink link;
  EXPECT_NE(link.connect("127.0.0.1", listening.port(), new_secret(), 300ms).find("did not answer in time"),
            std::string::npos);
}

TEST(PeerLink, SaysThatNobodyListens) {
  int port = 0;
  { port = Listening().port(); }
  PeerLink link;
  EXPECT_NE(link.connect("127.0.0.1", port, new_secret(), 5s).find("refused"), std::string::npos);
}

TEST(PeerLink, RefusesBytesThatAreNoDocument) {
  Listening listening;
  const std::string secret = new_secret();
  auto sending = std::async(std::launch::async, [&] {
    PeerLink link;
    std::string why = link.accept(listening.accept(), secret, 5s);
    const std::vector<std::uint8_t> length{0xff, 0xff, 0xff, 0x7f};
    return why.empty() ? link.send(length, 5s) : why;
  });
  PeerLink link;
  ASSERT_EQ(link.connect("127.0.0.1", listening.port(), secret, 5s), "");
  std::vector<std::uint8_t> bytes;
  EXPECT_EQ(link.receive(bytes, 5s), "it sent what is no message");
  EXPECT_LT(bytes.capacity(), 1000U) << "no memory for a document that does not come";
  EXPECT_EQ(sending.get(), "");
}

}  // namespace
}  // namespace sluice::source
