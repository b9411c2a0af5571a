#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::test {

/// One request, as it came.
struct WebRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  ///< names in small letters
  std::string body;
  std::size_t connection = 0;  ///< which one it came over, counted from 0

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

/// What a service does with a request that it has read whole.
struct WebAnswer {
  enum class Way {
    whole,
    drip,          ///< a byte at a time, forever
    silence,       ///< nothing, and the connection stays open
    hang_up,       ///< nothing, and the connection is closed
    then_hang_up,  ///< the whole answer, and the connection is closed without a word of it
  };
  int status = 200;
  std::string body = "";
  std::string headers = "";  ///< whole lines, each with its end
  Way way = Way::whole;
  std::chrono::milliseconds delay{0};
};

/// An HTTP/1.1 service on a port of 127.0.0.1, a thread for each connection. It notes every request before it
/// answers.
class WebService {
 public:
  using Script = std::function<WebAnswer(const WebRequest&)>;

  struct Options {
    int port = 0;                  ///< 0: any
    std::string certificate = {};  ///< PEM with its key: then it speaks TLS
    std::string client_ca = {};    ///< PEM: clients have to show a certificate of it
  };

  WebService() : WebService(Options()) {}
  explicit WebService(const Options& options);
  ~WebService();
  WebService(const WebService&) = delete;
  WebService& operator=(const WebService&) = delete;

  int port() const;
  std::string origin() const;

  /// Requests are answered like this from now on.
  void answer(WebAnswer always);
  /// The script is called by the connections' threads, one at a time.
  void answer(Script script);

  std::vector<WebRequest> requests() const;
  std::size_t count() const;
  void forget();                     ///< those that came so far
  std::size_t connections() const;   ///< that were accepted so far
  std::size_t most_at_once() const;  ///< requests that were being answered

  /// As if it were killed: nobody listens, and connections are reset.
  void stop();
  /// Listens again on the same port.
  void start();
  /// Closes the connections, and goes on listening.
  void drop_connections();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::test
