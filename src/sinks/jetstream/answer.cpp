#include "sinks/jetstream/answer.hpp"

#include <bson/bson.h>

#include "bson/raii.hpp"
#include "sluice/bson.hpp"

namespace sluice::sinks::jetstream {

namespace {

// JetStream error codes, from nats-server's own list.
constexpr std::int32_t insufficient_resources = 10023;
constexpr std::int32_t not_enabled_for_account = 10039;
constexpr std::int32_t not_enabled = 10076;
constexpr std::int32_t message_too_large = 10054;
constexpr std::int32_t header_too_large = 10097;
constexpr std::int32_t other_stream = 10060;
constexpr std::int32_t store_failed = 10077;

const char* remedy(std::int32_t code) {
  switch (code) {
    case store_failed:
      return "; the stream is full: purge it, raise its limits, or let its consumers catch up";
    case insufficient_resources:
      return "; give JetStream more room (max_file_store), or drop what is not needed";
    case not_enabled:
    case not_enabled_for_account:
      return "; start nats-server with JetStream (-js), and enable it for our account";
    case other_stream:
      return "; another stream captures this subject: change that stream's subjects or the rule's";
    default:
      return "";
  }
}

}  // namespace

Error stream_error(std::int32_t code, std::string_view description) {
  const bool own_fault = code == message_too_large || code == header_too_large;
  const ErrorKind kind = own_fault ? ErrorKind::own_fault : ErrorKind::unavailable;
  return {kind, code, "JetStream: " + std::string(description) + remedy(code)};
}

Error nobody_takes_it() {
  return {ErrorKind::unavailable, no_stream_code,
          "JetStream: no stream accepts the message's subject; does the stream exist with that subject, and "
          "is JetStream enabled?"};
}

Answer read_answer(std::string_view json) {
  // Fast path: nearly every answer only says that the message is stored.
  if (json.find("\"error\"") == std::string_view::npos) {
    const bool stored = json.find("\"seq\"") != std::string_view::npos;
    if (stored) return {json.find("\"duplicate\"") != std::string_view::npos, std::nullopt};
  }
  bson_error_t reason;
  bson::Document document;
  if (!bson_init_from_json(document.out(), json.data(), static_cast<ssize_t>(json.size()), &reason)) {
    bson_init(document.get());
    return {false,
            Error{ErrorKind::unavailable, 0, "JetStream: this answer cannot be read: " + std::string(json)}};
  }
  const bson::View error = bson::View(*document.get()).at("error").document();
  const auto code = error.at("err_code").integer().value_or(error.at("code").integer().value_or(0));
  return {false, stream_error(static_cast<std::int32_t>(code), error.at("description").text())};
}

}  // namespace sluice::sinks::jetstream
