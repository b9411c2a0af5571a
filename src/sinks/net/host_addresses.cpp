#include "sinks/net/host_addresses.hpp"

#include <algorithm>

#include "async/spawn.hpp"

namespace sluice::sinks::net {

namespace {

constexpr auto addresses_stay_good = std::chrono::seconds(5);

}  // namespace

HostAddresses::HostAddresses(asio::io_context& io, const config::UrlOrigin& origin)
    : origin_(origin), io_(io), resolver_(io) {
  error_code not_an_address;
  const auto literal = asio::ip::make_address(origin_.host, not_an_address);
  if (not_an_address) return;
  fixed_ = true;
  list_ = {{literal, static_cast<std::uint16_t>(std::stoi(origin_.port))}};
  good_until_ = flow::Time::max();
}

asio::awaitable<std::string> HostAddresses::find(asio::steady_timer& wake, const bool& abandoned,
                                                 flow::Time until) {
  if (flow::Clock::now() < good_until_) co_return std::string();
  if (!looking_up_) {
    looking_up_ = true;
    async::spawn(io_.get_executor(), look_up(),
                 [this](const std::exception_ptr& thrown) { looked_up(async::what_of(thrown)); });
  }
  while (looking_up_ && !stopping_ && !abandoned && flow::Clock::now() < until) {
    error_code woken;
    waiting_.push_back(&wake);
    wake.expires_at(until);
    co_await wake.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    std::erase(waiting_, &wake);
  }
  if (looking_up_) co_return "the address of " + origin_.host + " was not found in time";
  co_return none_found_;
}

asio::awaitable<void> HostAddresses::look_up() {
  error_code error;
  const auto found = co_await resolver_.async_resolve(origin_.host, origin_.port, tcp::resolver::flags{},
                                                      asio::redirect_error(asio::use_awaitable, error));
  if (!error) {
    list_.clear();
    for (const auto& one : found) list_.push_back(one.endpoint());
    good_until_ = flow::Clock::now() + addresses_stay_good;
  }
  looked_up(error ? error.message() : "");
}

/// Ends a look-up and wakes the calls of find(). `why_not` is empty if addresses were found.
void HostAddresses::looked_up(const std::string& why_not) {
  looking_up_ = false;
  none_found_ = why_not.empty() ? "" : origin_.host + " has no address: " + why_not;
  for (asio::steady_timer* wake : waiting_) wake->cancel();
}

void HostAddresses::prefer(const tcp::endpoint& address) {
  const auto found = std::ranges::find(list_, address);
  if (found != list_.end()) std::rotate(list_.begin(), found, found + 1);
}

void HostAddresses::expire() {
  if (!fixed_) good_until_ = {};
}

void HostAddresses::stop() {
  stopping_ = true;
  resolver_.cancel();
}

}  // namespace sluice::sinks::net
