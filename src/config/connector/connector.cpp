#include "config/connector/connector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "config/connector/parts.hpp"
#include "config/mask.hpp"
#include "config/names.hpp"
#include "text/json.hpp"
#include "text/percent.hpp"
#include "text/url.hpp"

namespace sluice::config {
namespace {

constexpr std::string_view kUsualFile = "connector.yaml";
constexpr std::size_t kLongestName = 64;

/// Quoted for one of our configuration files, where a dollar is doubled. YAML reads JSON's escapes.
std::string in_quotes(std::string_view text) {
  std::string doubled;
  for (const char c : text) doubled.append(c == '$' ? 2 : 1, c);
  return text::json_text(doubled, text::JsonEscape::keep_invalid);
}

std::string listed(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) out += (out.empty() ? "" : ", ") + in_quotes(text);
  return "[" + out + "]";
}

/// A valid name made from a MongoDB name, which may contain nearly any character.
std::string plain_name(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const std::string one(1, c);
    out += why_no_name(one).empty() ? one : fmt::format("-{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

/// Makes names unique. A name that is too long is truncated; duplicates are numbered.
class Names {
 public:
  std::string take(const std::string& text) {
    const std::string name = plain_name(text);
    std::string tried = name.substr(0, kLongestName);
    for (int number = 2; std::ranges::find(taken_, tried) != taken_.end(); ++number) {
      const std::string end = fmt::format("-{}", number);
      tried = name.substr(0, kLongestName - end.size()) + end;
    }
    taken_.push_back(tried);
    return tried;
  }

 private:
  std::vector<std::string> taken_;
};

std::string rule_text(const Connector& connector, const ConnectorCollection& collection,
                      const std::string& name) {
  std::string text = fmt::format("      - name: {}\n        publish:\n", in_quotes(name));
  const auto line = [&](std::string_view key, const std::string& value) {
    text += fmt::format("          {}: {}\n", key, value);
  };
  line("from", in_quotes(collection.name));
  line("operations", listed(connector.operations));
  line("stream", in_quotes(collection.stream));
  line("subject", in_quotes(collection.subject));
  line("subjects", listed({collection.subjects}));
  line("full_document", "updateLookup");
  line("before", in_quotes(collection.before));
  line("order", connector.in_order ? "collection" : "document");
  const TokenCollection& tokens = collection.tokens;
  line("tokens",
       fmt::format(
           "{{ database: {}, collection: {}{} }}", in_quotes(tokens.database), in_quotes(tokens.collection),
           tokens.capped ? fmt::format(", capped: true, size_bytes: {}", collection.tokens_bytes) : ""));
  if (connector.replicas != 1) line("replicas", std::to_string(connector.replicas));
  if (!connector.headers) line("headers", "none");
  return text;
}

std::string stream_text(const Connector& connector, const std::string& name,
                        const std::vector<const ConnectorCollection*>& collections) {
  std::string text = fmt::format("  - name: {}\n", in_quotes(name));
  if (!connector.uri.empty()) text += fmt::format("    uri: {}\n", in_quotes(connector.uri));
  text += fmt::format("    database: {}\n    resume_tokens:\n", in_quotes(collections.front()->database));
  std::vector<std::string> seen;
  std::string rules = "    rules:\n";
  Names names;
  for (const ConnectorCollection* one : collections) {
    const std::string tokens =
        fmt::format("      - {{ database: {}, collection: {}, capped: {} }}\n",
                    in_quotes(one->tokens.database), in_quotes(one->tokens.collection), one->tokens.capped);
    if (std::ranges::find(seen, tokens) == seen.end()) text += seen.emplace_back(tokens);
    rules += rule_text(connector, *one, names.take(one->name));
  }
  return text + rules;
}

/// The file to read: the one that is named, or connector.yaml if nothing else is configured; "" for none.
std::string file_meant(const ConnectorStart& start) {
  if (!start.file.empty()) return start.file;
  if (const std::string stated = variable(start.environment, "CONFIG_FILE"); !stated.empty()) return stated;
  if (!variable(start.environment, "MONGO_WATCH_COLLECTIONS").empty()) return {};
  std::error_code ignored;
  return std::filesystem::exists(kUsualFile, ignored) ? std::string(kUsualFile) : std::string();
}

/// Drops our variables where they would contradict the connector's own.
Values without_the_said(const Connector& connector, Values environment) {
  environment.erase("SLUICE_DATABASE");
  if (!connector.uri.empty()) {
    environment.erase("MONGODB_URI");
    environment.erase("MONGODB_URI_FILE");
  }
  if (!connector.nats_url.empty()) environment.erase("NATS_URL");
  return environment;
}

bool wants_headers(const std::string& stated) {
  if (!stated.empty() && stated != "all" && stated != "none") {
    throw ConfigError("--headers must be all or none, not '" + stated + "'");
  }
  return stated != "none";
}

long long replicas_of(const std::string& stated) {
  if (stated.empty()) return 1;
  if (stated.size() == 1 && stated[0] >= '1' && stated[0] <= '5') return stated[0] - '0';
  throw ConfigError("--replicas must be a whole number from 1 to 5, not '" + stated + "'");
}

/// Every stream sets its own database, so the flag must not apply to any of them.
Values without_the_database(Values flags) {
  flags.erase("database");
  return flags;
}

}  // namespace

std::string variable(const Values& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

std::string checked_variable(const Values& environment, std::string_view name, std::string_view option_name,
                             std::string_view otherwise) {
  const std::string text = variable(environment, name);
  if (text.empty()) return std::string(otherwise);
  return parse_value(option(option_name), text, {Origin::Kind::environment, std::string(name)}).text;
}

bool cluster_stated(const ConnectorStart& start) {
  return start.flags.contains("mongodb-uri") || start.flags.contains("mongodb-uri-file") ||
         !variable(start.environment, "MONGODB_URI").empty() ||
         !variable(start.environment, "MONGODB_URI_FILE").empty();
}

bool nats_stated(const ConnectorStart& start) {
  return start.flags.contains("nats-url") || !variable(start.environment, "NATS_URL").empty();
}

std::string with_scheme(const std::string& servers) {
  std::string out;
  for (const std::string& one : comma_list(servers)) {
    out += (out.empty() ? "" : ",") + (text::behind_scheme(one) == 0 ? "nats://" + one : one);
  }
  return out;
}

std::vector<std::string> comma_list(const std::string& text) {
  std::vector<std::string> items;
  std::stringstream stream(text);
  for (std::string one; std::getline(stream, one, ',');) {
    const auto from = one.find_first_not_of(" \t");
    if (from != std::string::npos) items.push_back(one.substr(from, one.find_last_not_of(" \t") - from + 1));
  }
  return items;
}

std::string database_of_uri(const std::string& uri) {
  const std::size_t hosts = text::behind_scheme(uri);
  if (hosts == 0) return {};
  const std::string rest = uri.substr(hosts, uri.find('?') - hosts);
  const auto slash = rest.find('/');
  if (slash == std::string::npos) return {};
  const std::string name = rest.substr(slash + 1);
  return text::percent_decoded(name).value_or(name);
}

Values connector_environment() {
  return process_environment();
}

std::string yaml_of(const Connector& connector) {
  std::vector<std::string> databases;
  for (const auto& one : connector.collections) {
    if (std::ranges::find(databases, one.database) == databases.end()) databases.push_back(one.database);
  }
  std::string text = fmt::format("pipeline: {}\nstreams:\n", in_quotes(connector.name));
  Names names;
  for (const std::string& database : databases) {
    std::vector<const ConnectorCollection*> own;
    for (const auto& one : connector.collections) {
      if (one.database == database) own.push_back(&one);
    }
    text += stream_text(connector, names.take(database), own);
  }
  text += "cluster:\n  partitions: 1\n";  // one instance publishes; the others stand by
  if (!connector.nats_url.empty()) text += fmt::format("nats:\n  url: {}\n", in_quotes(connector.nats_url));
  text += fmt::format("http:\n  host: {}\n  port: {}\n  health: components\n", in_quotes(connector.http_host),
                      connector.http_port);
  text += "log:\n  format: json\n";
  if (!connector.log_level.empty()) text += fmt::format("  level: {}\n", connector.log_level);
  return text;
}

LoadedConnector load_connector(const ConnectorStart& start) {
  const std::string file = file_meant(start);
  Connector connector =
      file.empty() ? connector_of_variables(start) : connector_of_file(read_text(file), file, start);
  if (!start.name.empty()) {
    if (const std::string why = why_no_name(start.name); !why.empty()) throw ConfigError("--name: " + why);
    connector.name = start.name;
  }
  connector.headers = wants_headers(start.headers);
  connector.replicas = replicas_of(start.replicas);
  const auto load = [&] {
    return load_text(yaml_of(connector), (file.empty() ? "variables" : file) + std::string(", as rules"),
                     without_the_database(start.flags), without_the_said(connector, start.environment));
  };
  Loaded loaded = load();
  if (loaded.config.parts() > 1) {  // several readers keep the order only within each document
    connector.in_order = false;
    loaded = load();
  }
  // These rules only publish. An added collection is no reason to stop, and was none in the other connectors.
  loaded.config.accept_changed_rules = true;
  connector.uri = mask_uri(connector.uri);
  connector.nats_url = mask_uris(connector.nats_url);
  return {std::move(loaded.config), yaml_of(connector)};
}

}  // namespace sluice::config
