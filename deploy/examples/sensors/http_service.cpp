#include "http_service.hpp"

#if defined(__SANITIZE_ADDRESS__)
// GCC 12's false alarms about Beast and Asio in instrumented code.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

#include <utility>  // Boost 1.74's awaitable.hpp uses std::exchange without including it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <csignal>

#include "workbench/document.hpp"

namespace sensors {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t threads = 8;
constexpr std::size_t most_body = 1 << 20;
constexpr auto most_idle = std::chrono::seconds(60);

class Service {
 public:
  Service(int port, const std::function<Answer(const Request&)>& answer)
      : answer_(answer), pool_(threads), acceptor_(pool_), signals_(pool_, SIGTERM, SIGINT) {
    const tcp::endpoint here(asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port));
    error_code error;
    acceptor_.open(here.protocol());
    // One that is started again must not wait for the old one's connections to time out.
    acceptor_.set_option(asio::socket_base::reuse_address(true));
    acceptor_.bind(here, error);
    if (error) {
      throw std::runtime_error("cannot listen on port " + std::to_string(port) + ": " + error.message() +
                               "; choose another with --port");
    }
    acceptor_.listen();
  }

  void run() {
    signals_.async_wait([this](const error_code&, int) { pool_.stop(); });
    asio::co_spawn(pool_, accept(), asio::detached);
    pool_.join();
  }

 private:
  asio::awaitable<void> accept() {
    for (;;) {
      error_code error;
      tcp::socket socket = co_await acceptor_.async_accept(asio::make_strand(pool_),
                                                           asio::redirect_error(asio::use_awaitable, error));
      if (error) continue;
      beast::tcp_stream stream(std::move(socket));
      const auto strand = stream.get_executor();
      asio::co_spawn(strand, serve(std::move(stream)), asio::detached);
    }
  }

  asio::awaitable<void> serve(beast::tcp_stream stream) {
    beast::flat_buffer buffer;
    error_code error;
    while (!error) {
      http::request_parser<http::string_body> parser;
      parser.body_limit(most_body);
      stream.expires_after(most_idle);
      co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      auto response = respond(parser.get());
      co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, error));
      if (response.need_eof()) co_return;
    }
  }

  http::response<http::string_body> respond(const http::request<http::string_body>& request) const {
    const Answer made = answer(request);
    http::response<http::string_body> response(static_cast<http::status>(made.status), request.version());
    response.set(http::field::content_type, "application/json");
    response.keep_alive(request.keep_alive());
    response.body() = made.body + "\n";
    response.prepare_payload();
    return response;
  }

  Answer answer(const http::request<http::string_body>& request) const {
    try {
      return answer_({std::string(request.method_string()), std::string(request.target()),
                      std::string(request["Idempotency-Key"]), request.body()});
    } catch (const BadRequest& error) {
      return {400, error_json(error.what())};
    } catch (const std::exception& error) {
      return {503, error_json(error.what())};
    }
  }

  const std::function<Answer(const Request&)>& answer_;
  asio::thread_pool pool_;
  tcp::acceptor acceptor_;
  asio::signal_set signals_;
};

}  // namespace

void serve(int port, const std::function<Answer(const Request&)>& answer,
           const std::function<void()>& listening) {
  Service service(port, answer);
  listening();
  service.run();
}

std::string error_json(const std::string& sentence) {
  return "{\"error\":" + workbench::quoted(sentence) + "}";
}

}  // namespace sensors
