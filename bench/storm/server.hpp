#pragma once

#include <memory>
#include <string>

#include "mongo.hpp"
#include "process.hpp"

namespace storm {

struct ServerOptions {
  std::string mongod;                ///< path; empty: SLUICE_MONGOD, then the one that tools/mongod finds
  std::string data_parent = "/tmp";  ///< the data folder is made below this one; should be a disk, not memory
  double cache_gb = 2;
  int oplog_mb = 8192;
};

/// A one-node replica set of our own on a free port of loopback, thrown away at the end.
class Server {
 public:
  explicit Server(const ServerOptions& options);

  const std::string& uri() const { return uri_; }
  std::string version() const;
  Client client() const { return connect(uri_); }
  Usage usage() const { return process_->usage(); }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<Process> process_;
  std::string uri_;
  void initiate(int port);
};

}  // namespace storm
