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

/// Whether clients and the other members reach a mongod as it is, or over a network that can be made to fail.
enum class Network : std::uint8_t { direct, proxied };

/// One mongod on a port of 127.0.0.1, with data of its own that goes with it.
class MongodProcess {
 public:
  /// `arguments` are added to mongod's own. Without a name for its replica set it stands alone.
  explicit MongodProcess(std::string replica_set, Network network = Network::direct,
                         std::vector<std::string> arguments = {});

  /// The address by which the replica set knows it.
  std::string host() const { return proxy_ ? proxy_->host() : direct_host(); }
  /// The address that no proxy stands before.
  std::string direct_host() const { return "127.0.0.1:" + port_.text(); }
  /// What stands between it and the world, where it is proxied. It has to be healthy when the server starts,
  /// for a member finds itself in the set's configuration by connecting to its own address.
  workbench::TcpProxy& network() { return *proxy_; }
  void kill9() { process_->kill9(); }
  bool running() { return !process_->exit_code(); }
  /// SIGSTOP and SIGCONT: a server that hangs, and wakes up again.
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

/// A replica set of one or three of them, with a primary.
class ReplicaSet {
 public:
  explicit ReplicaSet(int nodes = 1, Network network = Network::direct);

  /// For workers: by the addresses that the set knows, over the proxies if there are any.
  std::string uri() const;
  /// For the test itself: operations wait for a new primary for as long as an election may take on a busy
  /// machine. To a set of one it goes past the proxy.
  std::string patient_uri() const;
  /// For a connection to this very member, past its proxy.
  std::string direct_uri(const MongodProcess& node) const;
  MongodProcess& node(std::size_t index) { return *nodes_[index]; }
  std::size_t nodes() const { return nodes_.size(); }
  MongodProcess& primary();
  /// The primary becomes a secondary and stays one for a while.
  void step_down();
  /// Waits until primary that takes writes.
  void wait_for_primary();

 protected:
  /// One node, started with these arguments; `options` (`name=value&...`) go into every URI.
  ReplicaSet(const std::vector<std::string>& arguments, std::string options);
  /// The URI for a user, given as `name:password`; "" for none.
  std::string uri_for(const std::string& login) const;
  /// From now on uri() is this user's.
  void log_in(std::string login) { login_ = std::move(login); }

 private:
  std::vector<std::string> hosts() const;
  std::string complete(std::string uri, const std::string& login) const;

  std::string options_;
  std::string login_;
  std::vector<std::unique_ptr<MongodProcess>> nodes_;
};

}  // namespace sluice::test
