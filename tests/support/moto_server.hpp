#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temporary_directory.hpp"
#include "workbench/document.hpp"
#include "workbench/net.hpp"
#include "workbench/tcp_proxy.hpp"

namespace sluice::test {

/// Why this machine cannot run moto. "" if it can.
const std::string& why_no_moto();

/// A message that was received from a queue.
struct QueueMessage {
  std::string body;
  std::string group;
  std::string id;  ///< the deduplication id
  std::map<std::string, std::string> attributes;
};

/// moto, which imitates SQS, SNS, EventBridge and IAM, on a port of 127.0.0.1. Its data is in memory: it is
/// gone after kill9(). The functions that use it throw if it does not answer as expected.
class MotoServer {
 public:
  static constexpr const char* region = "eu-central-1";

  /// `behind_proxy`: workers reach it only through network().
  explicit MotoServer(bool behind_proxy = false);

  /// The endpoint that workers use.
  std::string url() const;
  workbench::TcpProxy& network() { return *proxy_; }
  void kill9() { process_->kill9(); }
  void restart() { start(); }
  /// Makes it hang, and wakes it up: SIGSTOP and SIGCONT.
  void stop() const;
  void cont() const;

  /// Creates a queue, FIFO if its name says so. `attributes` are further members of a JSON object. Returns
  /// its URL.
  std::string create_queue(const std::string& name, const std::string& attributes = "");
  void delete_queue(const std::string& name);
  /// Receives all messages of a queue, and deletes them. If moto goes away, returns what it has by then.
  std::vector<QueueMessage> take(const std::string& queue);

  /// Creates a FIFO topic whose messages all go to the queue. Returns its ARN.
  std::string create_topic(const std::string& name, const std::string& queue);
  /// Creates a bus whose events all go to the queue, which is not FIFO.
  void create_bus(const std::string& name, const std::string& queue);

  struct Key {
    std::string id;
    std::string secret;
  };
  /// A user who may do these actions (such as "sqs:*"), and its key.
  Key create_user(const std::string& name, const std::string& actions);
  void delete_key(const std::string& user, const Key& key);
  /// From now on requests need a valid signature, and the right to their action. `false`: no longer.
  void check_requests(bool check);

 private:
  void start();
  bool take_some(const std::string& queue, std::vector<QueueMessage>& all) const;
  workbench::HttpReply post(const std::string& service, const std::string& headers,
                            const std::string& body) const;
  workbench::Document sqs(const std::string& action, const std::string& json) const;
  workbench::Document events(const std::string& action, const std::string& json) const;
  std::string query(const std::string& service, const std::string& form) const;

  TemporaryDirectory folder_;
  workbench::Port port_;
  std::unique_ptr<workbench::TcpProxy> proxy_;
  std::unique_ptr<Process> process_;
};

}  // namespace sluice::test
