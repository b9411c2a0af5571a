#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "sluice/pipeline.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace asio = boost::asio;

namespace {

/// The handler of a program that tests kill. For each change of `orders` it appends the lines `begun ID` and
/// `returned ID` to the file `seen`. While the file `hold` exists, it does not return.
asio::awaitable<void> handle(std::string seen, std::string hold, sluice::Change change) {
  const std::string id(change.id().text());
  std::ofstream(seen, std::ios::app) << "begun " << id << std::endl;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (std::filesystem::exists(hold)) {
    timer.expires_after(std::chrono::milliseconds(2));
    co_await timer.async_wait(asio::use_awaitable);
  }
  std::ofstream(seen, std::ios::app) << "returned " << id << std::endl;
}

}  // namespace

/// handler_program URI DATABASE STATE_DATABASE SEEN HOLD READY: runs until SIGTERM, and ends with the run's
/// exit code. Creates the file READY when it streams.
int main(int argc, char** argv) {
  if (argc != 7) return EXIT_FAILURE;
  std::signal(SIGPIPE, SIG_IGN);
  sluice::Config config;
  config.pipeline = "program";
  config.state_database = argv[3];
  config.engine.lease_ms = 2000;
  config.streams = {{.name = "shop", .uri = argv[1], .database = argv[2]}};
  asio::io_context io;
  std::stop_source stop;
  sluice::PipelineOptions options;
  options.on_ready = [path = std::string(argv[6])] { std::ofstream(path) << "ready"; };
  sluice::Pipeline pipeline(io, config, std::move(options));
  pipeline.on("orders", [seen = std::string(argv[4]), hold = std::string(argv[5])](sluice::Change change) {
    return handle(seen, hold, std::move(change));
  });
  asio::signal_set signals(io, SIGTERM);
  signals.async_wait([&](const boost::system::error_code&, int) { stop.request_stop(); });
  int exit_code = EXIT_FAILURE;
  asio::co_spawn(io, pipeline.run(stop.get_token()),
                 [&](const std::exception_ptr& thrown, const sluice::RunResult& result) {
                   if (!thrown) exit_code = result.exit_code;
                   signals.cancel();
                 });
  io.run();
  return exit_code;
}
