#pragma once

#include <string>
#include <vector>

#include "config/load.hpp"

/// Two other connectors from MongoDB to NATS are in use: one is set up by variables alone, the other by a
/// file. What they are started with is translated into a configuration of ours, so that consumers see the
/// same subjects and message ids.
namespace sluice::config {

/// A collection whose changes are published.
struct ConnectorCollection {
  std::string database;
  std::string name;
  std::string stream;    ///< JetStream's
  std::string subject;   ///< a template, see the publish rule
  std::string subjects;  ///< what the stream takes where it has to be made
  std::string before;    ///< a publish rule's `before`
  TokenCollection tokens;
  long long tokens_bytes = 4096;  ///< of a capped one that has to be made
};

/// What either of them is set up with, checked.
struct Connector {
  std::string name;  ///< of our pipeline, under which positions are stored
  std::string uri;   ///< empty where a flag or a file states it
  std::string nats_url;
  std::string http_host;
  long long http_port = 0;
  std::string log_level;
  bool in_order = true;    ///< messages of a JetStream stream come in the order of the changes
  long long replicas = 1;  ///< of a JetStream stream that has to be made
  bool headers = true;     ///< our own (Sluice-...) beside the other connector's
  std::vector<std::string> operations;
  std::vector<ConnectorCollection> collections;
};

/// How `sluice connector` was called.
struct ConnectorStart {
  std::string file;  ///< --config; may be empty
  std::string name;  ///< --name; may be empty
  Values flags;      ///< options of ours
  Values environment;
  std::string stream = {};    ///< --stream; may be empty
  std::string headers = {};   ///< --headers; may be empty
  std::string replicas = {};  ///< --replicas; may be empty
};

/// Of this process: the variables that the two know, and ours.
Values connector_environment();

/// The one that is set up by variables alone. Throws ConfigError naming the variable.
Connector connector_of_variables(const ConnectorStart& start);

/// The one with a file, whose text this is. Throws ConfigError with the place in it.
Connector connector_of_file(const std::string& text, const std::string& file, const ConnectorStart& start);

/// The same as a file for `sluice run`.
std::string yaml_of(const Connector& connector);

struct LoadedConnector {
  Config config;
  std::string yaml;  ///< what it comes to, fit to be printed: passwords are masked
};

/// Finds out which of the two is meant (a file where one is stated or CONFIG_FILE is set, else the variables,
/// else `connector.yaml` where there is one) and loads it, with our flags laid over it.
LoadedConnector load_connector(const ConnectorStart& start);

/// The database that a URI names behind its hosts; "" for none.
std::string database_of_uri(const std::string& uri);

}  // namespace sluice::config
