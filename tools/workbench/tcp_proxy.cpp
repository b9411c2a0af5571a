#include "workbench/tcp_proxy.hpp"

// Boost 1.74's awaitable uses std::exchange without including it.
#include <utility>

#include <algorithm>
#include <future>
#include <list>
#include <thread>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "workbench/net.hpp"

namespace workbench {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t piece_bytes = 65536;

tcp::endpoint loopback_endpoint(int port) {
  return {asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port)};
}

/// The two sockets of a proxied connection, and its state.
struct Link {
  explicit Link(tcp::socket accepted) : client(std::move(accepted)), server(client.get_executor()) {}

  /// Closes with a reset, so that the peers also lose what they have not read yet.
  void reset() {
    error_code ignored;
    for (tcp::socket* socket : {&client, &server})
      socket->set_option(asio::socket_base::linger(true, 0), ignored);
    close();
  }
  void close() {
    error_code ignored;
    for (tcp::socket* socket : {&client, &server}) socket->close(ignored);
    open = false;
  }

  tcp::socket client;
  tcp::socket server;
  bool open = true;
  bool forgotten = false;
};

}  // namespace

/// Everything but the constructor and the destructor runs on its own thread.
struct TcpProxy::State {
  explicit State(int target_port) : target(loopback_endpoint(target_port)), thread([this] { io.run(); }) {}
  ~State() {
    io.stop();
    thread.join();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Runs `request` on the thread, and waits until it is done.
  template <class Request>
  auto ask(Request request) {
    std::packaged_task<decltype(request())()> task(std::move(request));
    auto answer = task.get_future();
    asio::post(io, [&task] { task(); });
    return answer.get();
  }

  void listen() {
    if (acceptor.is_open()) return;
    acceptor.open(tcp::v4());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(loopback_endpoint(port.number()));
    acceptor.listen();
    asio::co_spawn(io, accept(), asio::detached);
  }

  void cut() {
    error_code ignored;
    acceptor.close(ignored);
    for (const auto& link : links) link->reset();
    gate.cancel();
  }

  void heal() {
    stalled = false;
    delay = std::chrono::milliseconds::zero();
    gate.cancel();
    listen();
  }

  asio::awaitable<void> accept() {
    for (;;) {
      error_code failed;
      tcp::socket client = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, failed));
      if (failed) co_return;
      asio::co_spawn(io, serve(std::make_shared<Link>(std::move(client))), asio::detached);
    }
  }

  asio::awaitable<void> serve(std::shared_ptr<Link> link) {
    links.push_back(link);
    co_await until_passable(*link);
    error_code failed;
    if (link->open)
      co_await link->server.async_connect(target, asio::redirect_error(asio::use_awaitable, failed));
    if (failed || !link->open) {
      end(*link);
      co_return;
    }
    error_code ignored;
    for (tcp::socket* socket : {&link->client, &link->server})
      socket->set_option(tcp::no_delay(true), ignored);
    asio::co_spawn(io, pump(link, link->client, link->server), asio::detached);
    co_await pump(link, link->server, link->client);
  }

  asio::awaitable<void> pump(std::shared_ptr<Link> link, tcp::socket& from, tcp::socket& to) {
    std::vector<char> piece(piece_bytes);
    asio::steady_timer late(io);
    error_code failed;
    while (!failed && link->open) {
      const std::size_t size = co_await from.async_read_some(
          asio::buffer(piece), asio::redirect_error(asio::use_awaitable, failed));
      error_code ignored;
      late.expires_after(delay);
      if (delay.count() > 0) co_await late.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      co_await until_passable(*link);
      if (failed || !link->open) break;
      co_await asio::async_write(to, asio::buffer(piece, size),
                                 asio::redirect_error(asio::use_awaitable, failed));
    }
    end(*link);
  }

  asio::awaitable<void> until_passable(const Link& link) {
    while (link.open && (stalled || link.forgotten)) {
      error_code woken;
      co_await gate.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
  }

  void end(Link& link) {
    link.close();
    links.remove_if([&](const auto& one) { return one.get() == &link; });
  }

  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  Port port;
  tcp::endpoint target;
  tcp::acceptor acceptor{io};
  asio::steady_timer gate{io, asio::steady_timer::time_point::max()};  // never expires; cancelled on a change
  std::list<std::shared_ptr<Link>> links;
  bool stalled = false;
  std::chrono::milliseconds delay{0};
  std::thread thread;  // declared last: it uses all members above
};

TcpProxy::TcpProxy(int target_port) : state_(std::make_unique<State>(target_port)) {
  state_->ask([this] { state_->listen(); });
}

TcpProxy::~TcpProxy() = default;

std::string TcpProxy::host() const {
  return "127.0.0.1:" + state_->port.text();
}

void TcpProxy::cut() {
  state_->ask([this] { state_->cut(); });
}

void TcpProxy::stall() {
  state_->ask([this] { state_->stalled = true; });
}

void TcpProxy::forget_connections() {
  state_->ask([this] {
    for (const auto& link : state_->links) link->forgotten = true;
  });
}

void TcpProxy::delay(std::chrono::milliseconds time) {
  state_->ask([this, time] { state_->delay = time; });
}

void TcpProxy::heal() {
  state_->ask([this] { state_->heal(); });
}

std::size_t TcpProxy::connections() const {
  return state_->ask([this] {
    return static_cast<std::size_t>(
        std::ranges::count_if(state_->links, [](const auto& link) { return !link->forgotten; }));
  });
}

}  // namespace workbench
