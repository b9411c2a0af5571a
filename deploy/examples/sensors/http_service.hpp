#pragma once

#include <functional>
#include <stdexcept>
#include <string>

namespace sensors {

struct Request {
  std::string method;
  std::string target;
  std::string key;  ///< Idempotency-Key; empty where there is none
  std::string body;
};

struct Answer {
  unsigned status = 200;
  std::string body;  ///< JSON
};

/// What the sender has to mend: answered with 400 and this sentence.
class BadRequest : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Answers requests to 127.0.0.1:`port`, several at a time, until SIGTERM or SIGINT. `answer` is called by
/// several threads; what it throws is a 503, for whoever sends to send again. `listening` is called once
/// connections are taken. Throws when the port cannot be had.
void serve(int port, const std::function<Answer(const Request&)>& answer,
           const std::function<void()>& listening);

/// {"error": `sentence`}
std::string error_json(const std::string& sentence);

}  // namespace sensors
