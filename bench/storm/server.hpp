#pragma once

#include <memory>
#include <string>

#include "mongo.hpp"
#include "process.hpp"

namespace storm {

struct ServerOptions {
  std::string mongod;                ///< path; empty: SLUICE_MONGOD, or else what tools/mongod finds
  std::string data_parent = "/tmp";  ///< where to make the data folder; should be on a disk, not in memory
  double cache_gb = 2;
  int oplog_mb = 8192;
};

/// A one-node replica set on a free port of loopback. Its data is deleted with the object.
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
