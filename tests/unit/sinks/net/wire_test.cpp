#include "sinks/net/wire.hpp"

#include <gtest/gtest.h>

#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

namespace sluice::sinks::net {
namespace {

using namespace std::chrono_literals;

/// A timer's handler that is queued already runs although the timer is cancelled. Here its wire is gone by
/// then, and another one lies at the same address.
TEST(WireTest, ATimerThatFiresLateTouchesNoOtherWire) {
  asio::io_context io;
  std::optional<Wire> wire(std::in_place, io);
  wire->wait_until(flow::Clock::now() - 1s);
  asio::post(io, [&] {
    wire.reset();
    wire.emplace(io);
  });
  io.run();
  EXPECT_FALSE(wire->timed_out());
}

TEST(WireTest, ATimeThatWasReplacedDoesNotEndTheNextWait) {
  asio::io_context io;
  Wire wire(io);
  wire.wait_until(flow::Clock::now() - 1s);
  asio::post(io, [&] { wire.wait_until(flow::Time::max()); });
  io.run();
  EXPECT_FALSE(wire.timed_out());
}

TEST(WireTest, AnExpiredTimeIsToldAndClosesTheConnection) {
  asio::io_context io;
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  Wire wire(io);
  error_code error;
  bool connected = false;
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        error = co_await wire.connect(acceptor.local_endpoint());
        connected = wire.is_open();
        wire.wait_until(flow::Clock::now() - 1s);
      },
      asio::detached);
  io.run();
  EXPECT_FALSE(error) << error.message();
  EXPECT_TRUE(connected);
  EXPECT_TRUE(wire.timed_out());
  EXPECT_FALSE(wire.is_open());
}

}  // namespace
}  // namespace sluice::sinks::net
