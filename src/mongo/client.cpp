#include "mongo/client.hpp"

namespace sluice::mongo {

namespace {

Uri parse_uri(const std::string& text) {
  bson_error_t error{};
  Uri uri(mongoc_uri_new_with_error(text.c_str(), &error));
  if (!uri) {
    throw Stop(exit_code::bad_configuration,
               std::string("the MongoDB URI cannot be used: ") + error.message +
                   "; it looks like mongodb://user:password@host:port/?replicaSet=name");
  }
  return uri;
}

void set_default(mongoc_uri_t* uri, const char* option, int value) {
  if (mongoc_uri_get_option_as_int32(uri, option, -1) < 0) mongoc_uri_set_option_as_int32(uri, option, value);
}

std::string hosts_of(const mongoc_uri_t* uri) {
  std::string result;
  for (const auto* host = mongoc_uri_get_hosts(uri); host != nullptr; host = host->next) {
    result += (result.empty() ? "" : ",") + std::string(host->host_and_port);
  }
  return result;
}

}  // namespace

ClientPool::ClientPool(const std::string& text, int size, const std::string& application) {
  const Uri uri = parse_uri(text);
  // A dead server has to be noticed within a stop's bound, and retries are ours: the driver's own waits are
  // kept short unless the URI asks for other ones.
  set_default(uri.get(), MONGOC_URI_SERVERSELECTIONTIMEOUTMS, 3000);
  set_default(uri.get(), MONGOC_URI_CONNECTTIMEOUTMS, 3000);
  set_default(uri.get(), MONGOC_URI_SOCKETTIMEOUTMS, 30000);
  // After some errors the driver leaves a server alone until it has looked at it again, by default in ten
  // seconds.
  set_default(uri.get(), MONGOC_URI_HEARTBEATFREQUENCYMS, 1000);
  hosts_ = hosts_of(uri.get());
  pool_.reset(mongoc_client_pool_new(uri.get()));
  if (!pool_) {
    throw Stop(exit_code::bad_configuration,
               "the MongoDB URI asks for something that the driver cannot do (TLS files or mechanism?)");
  }
  mongoc_client_pool_set_error_api(pool_.get(), MONGOC_ERROR_API_VERSION_2);
  mongoc_client_pool_set_appname(pool_.get(), application.c_str());
  mongoc_client_pool_max_size(pool_.get(), static_cast<std::uint32_t>(size));
}

std::optional<WriteError> first_write_error(bson::View reply, Doing doing) {
  const bson::View errors = reply.at("writeErrors").document();
  for (const auto& [key, value] : errors) {
    const bson::View entry = value.document();
    const auto code = static_cast<std::int32_t>(entry.at("code").integer().value_or(0));
    return WriteError{static_cast<std::size_t>(entry.at("index").integer().value_or(0)),
                      classify_code(code, std::string(entry.at("errmsg").text()), doing)};
  }
  return std::nullopt;
}

std::optional<Error> write_concern_error(bson::View reply) {
  const bson::View error = reply.at("writeConcernError").document();
  if (!error) return std::nullopt;
  const auto code = static_cast<std::int32_t>(error.at("code").integer().value_or(0));
  return Error{ErrorKind::transient, code, "no majority has it: " + std::string(error.at("errmsg").text()),
               false};
}

Reply run_command(mongoc_client_t* client, const std::string& database, bson::View command, Doing doing,
                  const bson_t* options) {
  Reply reply;
  const bson_t borrowed = command.borrow();
  bson_error_t error{};
  const bool ok = mongoc_client_command_with_opts(client, database.c_str(), &borrowed, nullptr, options,
                                                  reply.document.out(), &error);
  if (!ok) reply.error = classify(error, reply.document.get(), doing);
  if (!ok || doing == Doing::reading) return reply;
  reply.error = write_concern_error(reply.view());
  if (auto failed = first_write_error(reply.view(), doing)) reply.error = std::move(failed->error);
  return reply;
}

}  // namespace sluice::mongo
