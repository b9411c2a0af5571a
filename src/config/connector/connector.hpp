#pragma once

#include <string>
#include <vector>

#include "config/load.hpp"

/// Two other connectors from MongoDB to NATS are in use: one is configured by environment variables, the
/// other by a file. Their configuration is translated into ours, so that consumers see the same subjects and
/// message ids.
namespace sluice::config {

/// A collection whose changes are published.
struct ConnectorCollection {
  std::string database;
  std::string name;
  std::string stream;    ///< the JetStream stream
  std::string subject;   ///< subject template, see the publish rule
  std::string subjects;  ///< subjects of the stream if Sluice creates it
  std::string before;    ///< `before` of the publish rule
  TokenCollection tokens;
  long long tokens_bytes = 4096;  ///< size of a capped collection if Sluice creates it
};

/// The checked configuration of either connector.
struct Connector {
  std::string name;  ///< the pipeline's name, under which positions are stored
  std::string uri;   ///< empty if a flag or a file provides it
  std::string nats_url;
  std::string http_host;
  long long http_port = 0;
  std::string log_level;
  bool in_order = true;    ///< publish to a JetStream stream in the order of the changes
  long long replicas = 1;  ///< of a JetStream stream that Sluice creates
  bool headers = true;     ///< also send our own headers (Sluice-...)
  std::vector<std::string> operations;
  std::vector<ConnectorCollection> collections;
};

/// The arguments and environment of `sluice connector`.
struct ConnectorStart {
  std::string file;  ///< --config; may be empty
  std::string name;  ///< --name; may be empty
  Values flags;      ///< our own options
  Values environment;
  std::string stream = {};    ///< --stream; may be empty
  std::string headers = {};   ///< --headers; may be empty
  std::string replicas = {};  ///< --replicas; may be empty
};

/// The environment of this process.
Values connector_environment();

/// Reads the configuration of the connector that uses variables. Throws ConfigError naming the variable.
Connector connector_of_variables(const ConnectorStart& start);

/// Reads the configuration of the connector that uses a file with this text. Throws ConfigError with the
/// place.
Connector connector_of_file(const std::string& text, const std::string& file, const ConnectorStart& start);

/// The configuration file for `sluice run` that is equivalent to `connector`.
std::string yaml_of(const Connector& connector);

struct LoadedConnector {
  Config config;
  std::string yaml;  ///< the resulting file; passwords are masked
};

/// Loads the configuration of one of the two connectors: from the file if one is named or CONFIG_FILE is set,
/// else from the variables, else from `connector.yaml` if it exists. Our flags override it.
LoadedConnector load_connector(const ConnectorStart& start);

/// The database in the path of a URI; "" if it has none.
std::string database_of_uri(const std::string& uri);

}  // namespace sluice::config
