#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temporary_directory.hpp"
#include "workbench/mongo.hpp"
#include "workbench/net.hpp"
#include "workbench/tcp_proxy.hpp"

namespace sluice::test {

/// Whether clients and other members connect to a mongod directly, or over a proxy that can be made to fail.
enum class Network : std::uint8_t { direct, proxied };

/// A mongod on a port of 127.0.0.1. Its data is deleted with the object.
class MongodProcess {
 public:
  /// `arguments` are added to mongod's command line. With an empty `replica_set` it is a standalone server.
  explicit MongodProcess(std::string replica_set, Network network = Network::direct,
                         std::vector<std::string> arguments = {});

  /// Its address in the replica set's configuration.
  std::string host() const { return proxy_ ? proxy_->host() : direct_host(); }
  /// Its address without the proxy.
  std::string direct_host() const { return "127.0.0.1:" + port_.text(); }
  /// Its proxy, if there is one. The proxy must be healthy when the server starts: a member finds itself in
  /// the set's configuration by connecting to its own address.
  workbench::TcpProxy& network() { return *proxy_; }
  void kill9() { process_->kill9(); }
  bool running() { return !process_->exit_code(); }
  /// Makes the server hang, and wakes it up: SIGSTOP and SIGCONT.
  void stop() const;
  void cont() const;
  /// Starts it again on the same data and port, after kill9.
  void restart();

 private:
  void start();

  TemporaryDirectory folder_;
  workbench::Port port_;
  std::string replica_set_;
  std::vector<std::string> arguments_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<workbench::TcpProxy> proxy_;
};

/// A replica set of one or three nodes. The constructor waits until it has a primary.
class ReplicaSet {
 public:
  explicit ReplicaSet(int nodes = 1, Network network = Network::direct);

  /// The URI for workers, with the addresses in the set's configuration, so through proxies if there are any.
  std::string uri() const;
  /// The URI for the test itself: operations wait for a new primary as long as an election may take on a busy
  /// machine. With one node, it connects without the proxy.
  std::string patient_uri() const;
  /// The URI for a connection to this member only, without its proxy.
  std::string direct_uri(const MongodProcess& node) const;
  MongodProcess& node(std::size_t index) { return *nodes_[index]; }
  std::size_t nodes() const { return nodes_.size(); }
  MongodProcess& primary();
  /// Makes the primary step down. It remains a secondary for some seconds.
  void step_down();
  /// Waits until there is a primary that accepts writes.
  void wait_for_primary();

 protected:
  /// One node, started with these arguments. `options` (`name=value&...`) are added to every URI.
  ReplicaSet(const std::vector<std::string>& arguments, std::string options);
  /// The URI for a user, given as `name:password`; "" for none.
  std::string uri_for(const std::string& login) const;
  /// From now on uri() logs in as this user, given as `name:password`.
  void log_in(std::string login) { login_ = std::move(login); }

 private:
  std::vector<std::string> hosts() const;
  std::string complete(std::string uri, const std::string& login) const;

  std::string options_;
  std::string login_;
  std::vector<std::unique_ptr<MongodProcess>> nodes_;
};

}  // namespace sluice::test
