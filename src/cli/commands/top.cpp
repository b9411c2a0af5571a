#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <ostream>
#include <utility>

#include "async/spawn.hpp"
#include "cli/commands.hpp"
#include "cli/views/terminal.hpp"
#include "cli/views/top_view.hpp"
#include "cli/views/worker_status.hpp"
#include "observe/http/http_client.hpp"
#include "sluice/error.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sluice::cli {
namespace {

namespace asio = boost::asio;

constexpr std::string_view default_port = "9464";
constexpr auto refresh_interval = std::chrono::seconds(1);
constexpr auto patience = std::chrono::milliseconds(2000);

double unix_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

observe::HttpAddress address_of(const std::string& url) {
  const auto address = observe::parse_http_address(url, default_port);
  if (!address) {
    throw UsageError("'" + url + "' is not the address of a worker; write it as http://127.0.0.1:9464");
  }
  return *address;
}

/// Requests the status of all workers concurrently, and keeps the last two answers of each.
class Top {
 public:
  Top(const std::vector<std::string>& urls, std::ostream& out) : out_(out) {
    for (const std::string& url : urls) {
      addresses_.push_back(address_of(url));
      answers_.push_back({url, {}, {}, "asking"});
    }
    before_.resize(answers_.size());
  }

  /// Prints one page without colours. Returns whether any worker answered.
  bool once() {
    for (std::size_t i = 0; i < answers_.size(); ++i) spawn(ask(i));
    io_.run();
    const std::size_t width = prints_to_terminal() ? terminal_size().columns : any_width;
    for (const TopLine& line : top_page(answers_, before_, unix_seconds(), width))
      out_ << plain_text(line) << "\n";
    return std::ranges::any_of(answers_, [](const TopAnswer& answer) { return answer.status.has_value(); });
  }

  /// Shows the page and refreshes it until a signal arrives.
  void watch() {
    asio::signal_set end(io_, SIGINT, SIGTERM, SIGHUP);
    end.async_wait([this](const auto&, int) { io_.stop(); });
    screen_.emplace(out_);
    for (std::size_t i = 0; i < answers_.size(); ++i) spawn(keep_asking(i));
    spawn(keep_fitting());
    draw();
    io_.run();
    screen_.reset();
  }

 private:
  /// An exception of `work` leaves io_context::run(), and so ends the command.
  void spawn(asio::awaitable<void> work) {
    async::spawn(io_.get_executor(), std::move(work),
                 [](const std::exception_ptr& thrown) { std::rethrow_exception(thrown); });
  }

  asio::awaitable<void> ask(std::size_t i) {
    const observe::HttpAnswer got = co_await observe::http_get(addresses_[i], "/status", patience);
    TopAnswer answer{answers_[i].url, flow::Clock::now(), std::nullopt, got.error};
    if (got.status == 200) answer.status = parse_status(got.body);
    if (got.status != 0 && !answer.status) {
      answer.error = fmt::format("answered {} to /status: not a worker of this version", got.status);
    }
    before_[i] = std::exchange(answers_[i], std::move(answer));
  }

  asio::awaitable<void> keep_asking(std::size_t i) {
    asio::steady_timer timer(io_);
    while (true) {
      timer.expires_after(refresh_interval);
      co_await ask(i);
      draw();
      boost::system::error_code ignored;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  }

  asio::awaitable<void> keep_fitting() {
    asio::signal_set resized(io_, SIGWINCH);
    while (true) {
      boost::system::error_code ignored;
      co_await resized.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      draw();
    }
  }

  void draw() {
    const std::size_t columns = terminal_size().columns;
    std::vector<std::string> lines;
    for (const TopLine& line : top_page(answers_, before_, unix_seconds(), columns)) {
      lines.push_back(terminal_text(line, columns));
    }
    screen_->draw(lines);
  }

  std::ostream& out_;
  std::vector<observe::HttpAddress> addresses_;
  std::vector<TopAnswer> answers_;
  std::vector<TopAnswer> before_;
  asio::io_context io_{1};
  std::optional<Screen> screen_;
};

}  // namespace

int top_command(const Arguments& arguments, std::ostream& out, std::ostream& err) {
  std::vector<std::string> urls = arguments.operands;
  if (urls.empty()) urls.push_back("http://127.0.0.1:" + std::string(default_port));
  Top top(urls, out);
  if (prints_to_terminal() && !arguments.own.contains("once")) {
    top.watch();
    return exit_code::ok;
  }
  if (top.once()) return exit_code::ok;
  err << "sluice: no worker answers. Start one with --http-port 9464, or name the address of a running one: "
         "sluice top http://HOST:PORT\n";
  return exit_code::cannot_start;
}

}  // namespace sluice::cli
