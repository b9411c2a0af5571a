#include "mongo/command.hpp"

#include <utility>

namespace sluice::mongo {

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
  return Error{
      ErrorKind::transient, code,
      "no majority of the replica set has confirmed the write: " + std::string(error.at("errmsg").text()),
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
