#include "mongo/uri.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "sluice/error.hpp"
#include "text/port.hpp"
#include "text/url.hpp"

namespace sluice::mongo {

namespace {

constexpr int default_selection_ms = 3000;
constexpr std::size_t most_uri_bytes = 64 << 10;

/// What the driver finds wrong with the URI; "" if nothing. The driver's own message is replaced where it
/// could put parts of a password into the log: it quotes passwords that are not percent-encoded, and if a
/// password contains an '@', it takes the rest of the password for a host.
std::string why_no_uri(const std::string& text, const bson_error_t& error) {
  const std::string said = error.message;
  const std::size_t hosts = text::behind_scheme(text);
  const std::string servers = hosts == 0 ? "" : text.substr(hosts, text.find_first_of("/?", hosts) - hosts);
  const bool ambiguous = std::ranges::count(servers, '@') > 1;
  if (!ambiguous && said.find("unescaped") == std::string::npos) return said;
  return "characters such as @ : / % in user and password must be percent-encoded";
}

/// Options that are valid although the driver's own tables do not list them: options of other drivers, and
/// those that this driver handles elsewhere.
constexpr std::array<std::string_view, 26> kSilentOptions = {"w",
                                                             "authsource",
                                                             "authmechanism",
                                                             "authmechanismproperties",
                                                             "readpreference",
                                                             "readpreferencetags",
                                                             "readconcernlevel",
                                                             "appname",
                                                             "compressors",
                                                             "replicaset",
                                                             "gssapiservicename",
                                                             "slaveok",
                                                             "safe",
                                                             "timeoutms",
                                                             "maxconnecting",
                                                             "minpoolsize",
                                                             "maxidletimems",
                                                             "waitqueuemultiple",
                                                             "uuidrepresentation",
                                                             "proxyhost",
                                                             "proxyport",
                                                             "proxyusername",
                                                             "proxypassword",
                                                             "servermonitoringmode",
                                                             "srvmaxhosts",
                                                             "srvservicename"};

const std::vector<std::string>& usual_options() {
  static const std::vector<std::string> names = {"replicaSet",
                                                 "authSource",
                                                 "authMechanism",
                                                 "authMechanismProperties",
                                                 "appName",
                                                 "directConnection",
                                                 "tls",
                                                 "tlsCAFile",
                                                 "tlsCertificateKeyFile",
                                                 "tlsCertificateKeyFilePassword",
                                                 "tlsAllowInvalidCertificates",
                                                 "tlsAllowInvalidHostnames",
                                                 "tlsInsecure",
                                                 "connectTimeoutMS",
                                                 "socketTimeoutMS",
                                                 "serverSelectionTimeoutMS",
                                                 "heartbeatFrequencyMS",
                                                 "localThresholdMS",
                                                 "maxPoolSize",
                                                 "maxIdleTimeMS",
                                                 "waitQueueTimeoutMS",
                                                 "retryWrites",
                                                 "retryReads",
                                                 "readPreference",
                                                 "readPreferenceTags",
                                                 "maxStalenessSeconds",
                                                 "readConcernLevel",
                                                 "w",
                                                 "wTimeoutMS",
                                                 "journal",
                                                 "compressors",
                                                 "zlibCompressionLevel",
                                                 "loadBalanced"};
  return names;
}

/// Finds an option that no driver knows. The driver ignores such options, so a misspelt one would silently
/// have no effect.
std::string unknown_option(const std::string& text) {
  const std::size_t login = text.find('@');
  const std::size_t question = text.find('?', login == std::string::npos ? 0 : login);
  if (question == std::string::npos) return {};
  std::size_t at = question + 1;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find_first_of("&;", at), text.size());
    const std::string name = text.substr(at, std::min(text.find('=', at), end) - at);
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    const bool known = mongoc_uri_option_is_int32(lower.c_str()) ||
                       mongoc_uri_option_is_int64(lower.c_str()) ||
                       mongoc_uri_option_is_bool(lower.c_str()) || mongoc_uri_option_is_utf8(lower.c_str()) ||
                       std::ranges::find(kSilentOptions, lower) != kSilentOptions.end();
    if (!known && !name.empty()) {
      const std::string near = nearest_name(name, usual_options());
      return "unknown option '" + name + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?");
    }
    at = end + 1;
  }
  return {};
}

void set_default(mongoc_uri_t* uri, const char* option, int value) {
  if (mongoc_uri_get_option_as_int32(uri, option, -1) < 0) mongoc_uri_set_option_as_int32(uri, option, value);
}

}  // namespace

Uri parse_uri(const std::string& text) {
  bson_error_t error{};
  Uri uri(mongoc_uri_new_with_error(text.c_str(), &error));
  std::string why = why_no_uri(text, error);
  if (why.empty()) why = text::why_no_ports(text);  // the driver takes the digits before a wrong character
  if (why.empty()) why = unknown_option(text);
  if (!why.empty()) {
    throw Stop(exit_code::bad_configuration,
               "the MongoDB URI cannot be used: " + why +
                   "; it looks like mongodb://user:password@host:port/?replicaSet=name");
  }
  return uri;
}

std::string read_uri_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(most_uri_bytes, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    throw Stop(exit_code::bad_configuration,
               path + ": the URI cannot be read: " + std::generic_category().message(errno));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  text.resize(end == std::string::npos ? 0 : end + 1);
  if (text.empty())
    throw Stop(exit_code::bad_configuration, path + ": the file is empty; it must contain a URI");
  return text;
}

void set_defaults(mongoc_uri_t* uri, std::optional<std::chrono::milliseconds> answer_timeout) {
  set_default(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, default_selection_ms);
  set_default(uri, MONGOC_URI_CONNECTTIMEOUTMS, 3000);
  if (answer_timeout) {
    mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SOCKETTIMEOUTMS,
                                   static_cast<std::int32_t>(answer_timeout->count()));
  } else {
    set_default(uri, MONGOC_URI_SOCKETTIMEOUTMS, 30000);
  }
  // After some errors the driver does not use a server until its next check of that server, by default ten
  // seconds later.
  set_default(uri, MONGOC_URI_HEARTBEATFREQUENCYMS, 1000);
}

Pool make_pool(const mongoc_uri_t* uri) {
  Pool pool(mongoc_client_pool_new(uri));
  if (!pool) {
    throw Stop(exit_code::bad_configuration,
               "the MongoDB URI requires something that the driver does not support (TLS files or "
               "mechanism?), or its host name cannot be resolved");
  }
  return pool;
}

std::string hosts_of(const mongoc_uri_t* uri) {
  std::string result;
  if (const char* name = mongoc_uri_get_srv_hostname(uri)) return name;
  for (const auto* host = mongoc_uri_get_hosts(uri); host != nullptr; host = host->next) {
    result += (result.empty() ? "" : ",") + std::string(host->host_and_port);
  }
  return result;
}

std::chrono::milliseconds selection_timeout(const mongoc_uri_t* uri) {
  return std::chrono::milliseconds(
      mongoc_uri_get_option_as_int32(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, default_selection_ms));
}

Uri uri_of(const StreamConfig& stream) {
  return parse_uri(stream.uri_file.empty() ? stream.uri : read_uri_file(stream.uri_file));
}

void check_uri(const std::string& uri) {
  parse_uri(uri);
}

void try_uri(const std::string& uri) {
  make_pool(parse_uri(uri).get());
}

}  // namespace sluice::mongo
