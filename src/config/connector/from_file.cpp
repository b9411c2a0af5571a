#include <fmt/format.h>

#include <algorithm>

#include "config/connector/connector.hpp"
#include "config/connector/parts.hpp"
#include "config/names.hpp"

namespace sluice::config {
namespace {

constexpr std::string_view kUsualAddress = "127.0.0.1:8080";
constexpr std::string_view kUsualTokens = "resume-tokens";

std::string changed_case(std::string text, bool up) {
  for (char& c : text) {
    if (up && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (!up && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

/// A value of the file, or of the variable that overrides it, and where it came from.
struct Stated {
  std::string text;
  Origin origin;
};

Stated stated(const Settings& connector, std::string_view section, std::string_view key,
              const Values& environment, std::string_view name) {
  Stated result;
  if (connector.has(section)) {
    const Settings inside = connector.section(section);
    if (inside.has(key)) result = {inside.scalar(key), {Origin::Kind::file, inside.place(key)}};
    inside.done();
  }
  const std::string outside = variable(environment, name);
  if (!outside.empty()) result = {outside, {Origin::Kind::environment, std::string(name)}};
  return result;
}

bool yes(const Settings& settings, std::string_view key) {
  const std::string text = settings.choice(key, {"true", "false", "yes", "no", "on", "off"}, "false");
  return text == "true" || text == "yes" || text == "on";
}

/// The text, or `otherwise` if the key is missing or empty.
std::string text_or(const Settings& settings, std::string_view key, const std::string& otherwise) {
  if (!settings.has(key)) return otherwise;
  std::string text = settings.scalar(key);
  return text.empty() ? otherwise : text;
}

ConnectorCollection read_collection(const Settings& entry) {
  ConnectorCollection one;
  one.database = entry.scalar("dbName");
  one.name = entry.scalar("collName");
  if (const std::string why = why_no_database(one.database); !why.empty()) entry.fail("dbName", why);
  if (one.name.empty()) entry.fail("collName", "'collName' must not be empty");
  one.stream = text_or(entry, "streamName", changed_case(one.name, true));
  one.subject = one.stream + ".{op}";
  one.subjects = one.stream + ".*";
  // Pre-images are used where MongoDB already keeps them, and turned on only where the file asks for it.
  one.before = yes(entry, "changeStreamPreAndPostImages") ? "whenAvailable" : "ifKept";
  one.tokens.database = text_or(entry, "tokensDbName", std::string(kUsualTokens));
  one.tokens.collection = text_or(entry, "tokensCollName", one.name);
  if (const std::string why = why_no_database(one.tokens.database); !why.empty()) {
    entry.fail("tokensDbName", why);
  }
  const long long size = entry.integer_or("tokensCollSizeInBytes", 0, 0, 1LL << 53);
  if (size > 0) one.tokens_bytes = size;
  one.tokens.capped = yes(entry, "tokensCollCapped");
  if (one.tokens.capped && entry.has("tokensCollSizeInBytes") && size == 0) {
    entry.fail("tokensCollSizeInBytes", "'tokensCollSizeInBytes' must be above 0");
  }
  entry.done();
  if (one.database == one.tokens.database && one.name == one.tokens.collection) {
    entry.fail("collName",
               "the collection is its own token collection; choose another tokensDbName or tokensCollName");
  }
  return one;
}

void take_address(Connector& connector, const Stated& address) {
  const std::string text = address.text.empty() ? std::string(kUsualAddress) : address.text;
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) {
    throw ConfigError(fmt::format("{}: '{}' is not an address; write it as 127.0.0.1:8080 or :8080",
                                  address.origin.prefix(), text));
  }
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  connector.http_host = host.empty() ? "0.0.0.0" : host == "localhost" ? "127.0.0.1" : host;
  connector.http_port = parse_value(option("http-port"), text.substr(colon + 1), address.origin).number;
}

}  // namespace

Connector connector_of_file(const std::string& text, const std::string& file, const ConnectorStart& start) {
  if (!start.stream.empty()) {
    throw ConfigError("--stream: " + file + " sets a stream for each collection; change 'streamName' there");
  }
  const Settings top = Settings::parse(text, file);
  const Settings settings = top.section("connector");
  top.done();
  Connector connector;
  connector.name = "connector";
  connector.operations = {"insert", "update", "replace", "delete"};
  const Values& environment = start.environment;
  const Stated level = stated(settings, "log", "level", environment, "LOG_LEVEL");
  const Stated uri = stated(settings, "mongo", "uri", environment, "MONGO_URI");
  const Stated nats = stated(settings, "nats", "url", environment, "NATS_URL");
  const Stated address = stated(settings, "server", "addr", environment, "SERVER_ADDR");
  settings.has("collections");
  settings.done();
  if (!level.text.empty()) {
    connector.log_level =
        parse_value(option("log-level"), changed_case(level.text, false), level.origin).text;
  }
  if (!uri.text.empty()) {
    connector.uri = parse_value(option("mongodb-uri"), uri.text, uri.origin).text;
  } else if (!cluster_stated(start)) {
    throw ConfigError(fmt::format("{}: the MongoDB URI is not set; set 'uri' in 'mongo', or MONGO_URI",
                                  settings.place("mongo")));
  }
  if (!nats.text.empty()) {
    connector.nats_url = parse_value(option("nats-url"), with_scheme(nats.text), nats.origin).text;
  }
  take_address(connector, address);
  if (!settings.has("collections")) {
    settings.fail("collections", "'collections' is missing; list at least one to publish");
  }
  for (const Settings& entry : settings.sections("collections")) {
    connector.collections.push_back(read_collection(entry));
  }
  if (connector.collections.empty()) {
    settings.fail("collections", "'collections' is empty; list at least one to publish");
  }
  return connector;
}

}  // namespace sluice::config
