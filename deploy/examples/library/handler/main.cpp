// The order workflow of a shop: what has to happen when an order changes its status.
//
//   placed -> reserve the articles -> reserved, or rejected where they are sold out
//   reserved -> charge the customer -> paid, or declined (and the articles go back)
//   paid -> write the shipment -> shipped
//
// Each step may be taken twice after a crash, so each is written to have its effect once.

#include <mongoc/mongoc.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

#include <sluice/pipeline.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "shop.hpp"

namespace asio = boost::asio;

namespace {

/// What the driver does blocks, so it runs on threads of its own, and the io_context stays free.
asio::awaitable<void> take_step(asio::thread_pool& threads, Shop& shop, sluice::Change change) {
  const std::string order(change.id().text());
  const auto status = change.value_after("status");
  const std::string now(status ? status->text() : "");
  const std::string key(change.idempotency_key());
  const auto step = [&]() -> asio::awaitable<void> {
    if (now == "placed") shop.reserve(order);
    if (now == "reserved") shop.charge(order, key);
    if (now == "declined") shop.release(order);
    if (now == "paid") shop.ship(order);
    co_return;
  };
  co_await asio::co_spawn(threads, step(), asio::use_awaitable);
  std::cout << order << ": " << now << std::endl;
}

/// The exit code.
int run(const std::string& uri) {
  sluice::Config config;
  config.pipeline = "shop-workflow";
  config.streams = {{.name = "shop", .uri = uri, .database = "library_shop"}};

  asio::io_context io;
  asio::thread_pool threads(4);
  Shop shop(uri, "library_shop");
  std::stop_source stop;

  sluice::PipelineOptions options;
  options.log = [](sluice::LogLevel level, std::string_view line) {
    std::cerr << sluice::name_of(level) << ": " << line << std::endl;
  };
  options.on_ready = [] { std::cout << "ready" << std::endl; };
  sluice::Pipeline pipeline(io, config, options);
  pipeline.on("orders",
              {.name = "workflow",
               .operations = {sluice::Operation::insert, sluice::Operation::update},
               .fields = {"status"},
               .tries = 5},
              [&](sluice::Change change) { return take_step(threads, shop, std::move(change)); });

  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code&, int) { stop.request_stop(); });
  int exit_code = EXIT_FAILURE;
  const auto ended = [&](const std::exception_ptr& thrown, const sluice::RunResult& result) {
    signals.cancel();
    if (thrown) std::rethrow_exception(thrown);
    if (!result) std::cerr << result.why << std::endl;
    exit_code = result.exit_code;
  };
  asio::co_spawn(io, pipeline.run(stop.get_token()), ended);
  io.run();
  return exit_code;
}

}  // namespace

int main() {
  std::signal(SIGPIPE, SIG_IGN);  // a write to a server that is gone is an error like any other
  mongoc_init();
  const char* uri = std::getenv("MONGODB_URI");
  try {
    return run(uri != nullptr ? uri : "mongodb://127.0.0.1:27017/?replicaSet=rs0");
  } catch (const std::exception& error) {  // a configuration that cannot be used, say
    std::cerr << error.what() << std::endl;
    return EXIT_FAILURE;
  }
}
