#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::test {

/// A request as received.
struct WebRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  ///< by name in lower case
  std::string body;
  std::size_t connection = 0;  ///< the number of its connection, counted from 0
  int answered = 0;            ///< the status of its answer; 0 if it gets none

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

/// How the service answers a request.
struct WebAnswer {
  enum class Way {
    whole,
    drip,          ///< sends one byte at a time, forever
    silence,       ///< sends nothing, and keeps the connection open
    hang_up,       ///< sends nothing, and closes the connection
    then_hang_up,  ///< sends the whole answer, then closes the connection without announcing it
  };
  int status = 200;
  std::string body = "";
  std::string headers = "";  ///< complete lines, each ending with CR LF
  Way way = Way::whole;
  std::chrono::milliseconds delay{0};
};

/// An HTTP/1.1 service on a port of 127.0.0.1, with a thread for each connection. It records every request
/// before it answers.
class WebService {
 public:
  using Script = std::function<WebAnswer(const WebRequest&)>;

  struct Options {
    int port = 0;                  ///< 0: any free port
    std::string certificate = {};  ///< path of a PEM file with certificate and key; "": no TLS
    std::string client_ca = {};    ///< path of a PEM file: clients need a certificate of this authority
  };

  WebService() : WebService(Options()) {}
  explicit WebService(const Options& options);
  ~WebService();
  WebService(const WebService&) = delete;
  WebService& operator=(const WebService&) = delete;

  int port() const;
  std::string origin() const;

  /// Answers all requests like this from now on.
  void answer(WebAnswer always);
  /// Answers requests by this function from now on. It is called on the connections' threads, one at a time.
  void answer(Script script);

  std::vector<WebRequest> requests() const;
  std::size_t count() const;
  void forget();                     ///< clears requests()
  std::size_t connections() const;   ///< the number of connections accepted so far
  std::size_t most_at_once() const;  ///< the largest number of requests being answered at one time

  /// Stops listening and resets connections, as if it were killed.
  void stop();
  /// Listens again on the same port.
  void start();
  /// Resets all connections, and continues to listen.
  void drop_connections();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::test
