#include "mongo/who_answers.hpp"

#include <memory>
#include <thread>

#include "mongo/client.hpp"
#include "mongo/raii.hpp"
#include "sluice/bson_builder.hpp"
#include "tls/probe.hpp"

namespace sluice::mongo {

namespace {

constexpr int most_hosts = 3;
constexpr std::size_t most_hosts_at_once = 16;
constexpr int answer_ms = 1000;

/// A URI for a direct connection to one host, whatever set it belongs to, with the TLS options of `uri`. It
/// has no credentials, because hello needs none.
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
  for (const char* option : {MONGOC_URI_TLSALLOWINVALIDCERTIFICATES, MONGOC_URI_TLSALLOWINVALIDHOSTNAMES,
                             MONGOC_URI_TLSINSECURE}) {
    if (mongoc_uri_get_option_as_bool(uri, option, false)) {
      mongoc_uri_set_option_as_bool(direct.get(), option, true);
    }
  }
  for (const char* option :
       {MONGOC_URI_TLSCAFILE, MONGOC_URI_TLSCERTIFICATEKEYFILE, MONGOC_URI_TLSCERTIFICATEKEYFILEPASSWORD}) {
    const char* value = mongoc_uri_get_option_as_utf8(uri, option, nullptr);
    if (value != nullptr) mongoc_uri_set_option_as_utf8(direct.get(), option, value);
  }
  return direct;
}

using Client = std::unique_ptr<mongoc_client_t, Destroyer<mongoc_client_destroy>>;

/// The reason in a driver's message: `connection refused` from `[connection refused calling hello on
/// '127.0.0.1:1']`.
std::string reason_of(const std::string& message) {
  const auto from = message.find('[');
  const auto to = message.rfind(']');
  std::string reason =
      from == std::string::npos || to < from ? message : message.substr(from + 1, to - from - 1);
  return reason.substr(0, reason.find(" calling hello on"));
}

/// Whether libmongoc reports a certificate that is for another host. It does not say for which.
bool is_about_name(const std::string& message) {
  return message.find("certificate verify failed") != std::string::npos &&
         message.find("mismatch") != std::string::npos;
}

std::string certificate_of(const mongoc_host_list_t& host) {
  return tls::certificate_for_others(host.host, host.port, tls::Greeting::none);
}

/// The members' addresses in the replica set's configuration. Empty if the host does not answer.
std::vector<std::string> members_by(const mongoc_uri_t* uri, const mongoc_host_list_t& host) {
  std::vector<std::string> members;
  const Uri direct = directly(uri, host);
  const Client client(direct ? mongoc_client_new_from_uri(direct.get()) : nullptr);
  if (!client) return members;
  bson::Builder hello;
  hello.append("hello", 1);
  const Reply reply = run_command(client.get(), "admin", hello.finish(), Doing::reading);
  for (const auto& [index, one] : reply.view().at("hosts").document()) members.emplace_back(one.text());
  return members;
}

std::string certificate_of_members(const mongoc_uri_t* uri, const mongoc_host_list_t& host) {
  int asked = 0;
  for (const std::string& member : members_by(uri, host)) {
    if (++asked > most_hosts) break;
    const Uri place(mongoc_uri_new(("mongodb://" + member).c_str()));
    const auto* at = place ? mongoc_uri_get_hosts(place.get()) : nullptr;
    std::string found = at == nullptr ? "" : certificate_of(*at);
    if (!found.empty()) return found;
  }
  return {};
}

HostAnswer ask(const mongoc_uri_t* uri, const mongoc_host_list_t& host, const std::string& wanted) {
  HostAnswer answer{host.host_and_port, false, {}, {}, false};
  const Uri direct = directly(uri, host);
  if (!direct) return answer;
  const Client client(mongoc_client_new_from_uri(direct.get()));
  if (!client) return answer;
  mongoc_client_set_error_api(client.get(), MONGOC_ERROR_API_VERSION_2);
  bson::Builder hello;
  hello.append("hello", 1);
  const Reply reply = run_command(client.get(), "admin", hello.finish(), Doing::reading);
  if (!reply.ok()) {
    answer.silence = reason_of(reply.error->message);
    const std::string names = is_about_name(answer.silence) ? certificate_of(host) : "";
    if (!names.empty()) answer.silence += "; " + names;
    return answer;
  }
  answer.answered = true;
  answer.wrong = not_initiated(reply.view(), answer.host);
  answer.passing = !answer.wrong.empty();
  if (answer.passing) return answer;
  if (wanted.empty() || reply.view().at("msg").text() == "isdbgrid") return answer;
  const std::string found(reply.view().at("setName").text());
  if (found == wanted) return answer;
  answer.wrong = "the URI wants the replica set '" + wanted + "', but " + answer.host;
  answer.wrong += found.empty() ? " is not a member of any; start mongod with --replSet " + wanted +
                                      " and run rs.initiate() once"
                                : " is a member of '" + found + "'; write replicaSet=" + found;
  return answer;
}

std::string wanted_set(const mongoc_uri_t* uri) {
  const char* wanted = mongoc_uri_get_replica_set(uri);
  return wanted == nullptr ? "" : wanted;
}

/// What is wrong with the first host of which something is, and that may pass or not, as stated.
std::string first_wrong(const mongoc_uri_t* uri, bool passing) {
  int asked = 0;
  for (const auto* host = mongoc_uri_get_hosts(uri); host != nullptr && asked < most_hosts;
       host = host->next, ++asked) {
    const HostAnswer answer = ask(uri, *host, wanted_set(uri));
    if (!answer.wrong.empty() && answer.passing == passing) return answer.wrong;
  }
  return {};
}

}  // namespace

std::string who_answers_instead(const mongoc_uri_t* uri) {
  return wanted_set(uri).empty() ? "" : first_wrong(uri, false);
}

std::string not_initiated(const bson::View& hello, const std::string& host) {
  if (!hello.at("isreplicaset").boolean()) return {};
  return host +
         " has no configuration of its replica set: run rs.initiate() there once, unless the server is "
         "still starting";
}

std::string not_initiated(const mongoc_uri_t* uri) {
  return first_wrong(uri, true);
}

std::string wrong_certificate(const mongoc_uri_t* uri, const Error& error) {
  if (!is_about_name(error.message)) return {};
  int asked = 0;
  for (const auto* host = mongoc_uri_get_hosts(uri); host != nullptr && asked < most_hosts;
       host = host->next, ++asked) {
    std::string found = certificate_of(*host);
    if (!found.empty()) return found;
  }
  const auto* first = mongoc_uri_get_hosts(uri);
  return first == nullptr ? "" : certificate_of_members(uri, *first);
}

FirstLook judge(const std::vector<HostAnswer>& answers) {
  FirstLook look;
  bool any_right = answers.empty();  // no hosts: a mongodb+srv name, not yet resolved
  bool any_silent = false;
  for (const HostAnswer& one : answers) {
    any_right |= one.answered && one.wrong.empty();
    any_silent |= !one.answered || one.passing;
    const std::string text = one.answered ? one.wrong : one.host + ": " + one.silence;
    if (!text.empty()) look.why += (look.why.empty() ? "" : "; ") + text;
  }
  if (any_right) return {};
  look.found = any_silent ? FirstLook::Found::nobody : FirstLook::Found::others;
  return look;
}

FirstLook look_at_hosts(const mongoc_uri_t* uri) {
  const std::string wanted = wanted_set(uri);
  std::vector<const mongoc_host_list_t*> hosts;
  for (const auto* host = mongoc_uri_get_hosts(uri); host != nullptr; host = host->next) {
    if (hosts.size() < most_hosts_at_once) hosts.push_back(host);
  }
  std::vector<HostAnswer> answers(hosts.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < hosts.size(); ++i) {
      threads.emplace_back([&, i] { answers[i] = ask(uri, *hosts[i], wanted); });
    }
  }
  return judge(answers);
}

}  // namespace sluice::mongo
