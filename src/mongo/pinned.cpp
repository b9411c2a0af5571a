#include "mongo/pinned.hpp"

namespace sluice::mongo {

std::optional<Error> PinnedSession::begin() {
  bson_error_t error{};
  const Server primary(mongoc_client_select_server(client_, true, nullptr, &error));
  if (!primary) return classify(error, nullptr, Doing::reading);
  const SessionOptions session_options(mongoc_session_opts_new());
  mongoc_session_opts_set_causal_consistency(session_options.get(), false);
  session_.reset(mongoc_client_start_session(client_, session_options.get(), &error));
  if (!session_) return classify(error, nullptr, Doing::reading);
  bson_t* options = options_.get();
  bson_reinit(options);
  const auto id = static_cast<std::int32_t>(mongoc_server_description_id(primary.get()));
  if (!bson_append_int32(options, "serverId", -1, id) ||
      !mongoc_client_session_append(session_.get(), options, &error)) {
    return classify(error, nullptr, Doing::reading);
  }
  return std::nullopt;
}

Reply PinnedSession::command(const std::string& database, bson::View command) const {
  return run_command(client_, database, command, Doing::reading, options_.get());
}

}  // namespace sluice::mongo
