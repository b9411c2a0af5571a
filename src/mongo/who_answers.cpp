#include "mongo/who_answers.hpp"

#include "bson/builder.hpp"
#include "mongo/client.hpp"
#include "mongo/raii.hpp"

namespace sluice::mongo {

namespace {

constexpr int most_hosts = 3;
constexpr int answer_ms = 1000;

/// The same URI for one host alone, whatever it is a member of. Without the user: anybody may say hello.
Uri directly(const mongoc_uri_t* uri, const mongoc_host_list_t& host) {
  Uri direct(mongoc_uri_new_for_host_port(host.host, host.port));
  if (!direct) return direct;
  mongoc_uri_set_option_as_bool(direct.get(), MONGOC_URI_DIRECTCONNECTION, true);
  for (const char* option :
       {MONGOC_URI_SERVERSELECTIONTIMEOUTMS, MONGOC_URI_CONNECTTIMEOUTMS, MONGOC_URI_SOCKETTIMEOUTMS}) {
    mongoc_uri_set_option_as_int32(direct.get(), option, answer_ms);
  }
  if (!mongoc_uri_get_tls(uri)) return direct;
  mongoc_uri_set_option_as_bool(direct.get(), MONGOC_URI_TLS, true);
  for (const char* option :
       {MONGOC_URI_TLSCAFILE, MONGOC_URI_TLSCERTIFICATEKEYFILE, MONGOC_URI_TLSCERTIFICATEKEYFILEPASSWORD}) {
    const char* value = mongoc_uri_get_option_as_utf8(uri, option, nullptr);
    if (value != nullptr) mongoc_uri_set_option_as_utf8(direct.get(), option, value);
  }
  return direct;
}

using Client = std::unique_ptr<mongoc_client_t, Destroyer<mongoc_client_destroy>>;

/// What is wrong with the member at this host; "" where nothing is, or it does not say.
std::string why_not(const mongoc_uri_t* uri, const mongoc_host_list_t& host, const std::string& wanted) {
  const Uri direct = directly(uri, host);
  if (!direct) return {};
  const Client client(mongoc_client_new_from_uri(direct.get()));
  if (!client) return {};
  mongoc_client_set_error_api(client.get(), MONGOC_ERROR_API_VERSION_2);
  bson::Builder hello;
  hello.append("hello", 1);
  const Reply reply = run_command(client.get(), "admin", hello.finish(), Doing::reading);
  if (!reply.ok() || reply.view().at("msg").text() == "isdbgrid") return {};
  const std::string at = "the URI wants the replica set '" + wanted + "', but " + host.host_and_port;
  const std::string found(reply.view().at("setName").text());
  if (found == wanted || reply.view().at("isreplicaset").boolean()) return {};  // as yet not initiated
  if (!found.empty()) return at + " is a member of '" + found + "'; write replicaSet=" + found;
  return at + " is a member of none; start mongod with --replSet " + wanted + " and run rs.initiate() once";
}

}  // namespace

std::string who_answers_instead(const mongoc_uri_t* uri) {
  const char* wanted = mongoc_uri_get_replica_set(uri);
  if (wanted == nullptr) return {};
  int asked = 0;
  for (const auto* host = mongoc_uri_get_hosts(uri); host != nullptr && asked < most_hosts;
       host = host->next, ++asked) {
    std::string found = why_not(uri, *host, wanted);
    if (!found.empty()) return found;
  }
  return {};
}

}  // namespace sluice::mongo
