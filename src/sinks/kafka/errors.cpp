#include "sinks/kafka/errors.hpp"

#include <algorithm>
#include <array>

namespace sluice::sinks::kafka {

namespace {

// What a broker may say about the content of a request.
constexpr std::array refusals{
    RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE,
    RD_KAFKA_RESP_ERR_INVALID_RECORD,     RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP,
    RD_KAFKA_RESP_ERR_POLICY_VIOLATION,   RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT,
};

/// The first librdkafka whose SCRAM log-in Kafka 4 accepts: earlier ones repeat the nonce.
constexpr int good_scram = 0x020601ff;

const char* advice_for(rd_kafka_resp_err_t code, const std::string& reason) {
  if (is_unknown_topic(code)) return "; create the topic, or let Sluice create it with 'create: true'";
  if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION && reason.find("SCRAM") != std::string::npos &&
      rd_kafka_version() < good_scram) {
    return "; check user, password and mechanism; Kafka 4 accepts SCRAM from librdkafka 2.6.1 on, which is "
           "newer than the one installed here, and PLAIN over TLS from any";
  }
  switch (code) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return "; allow the user to describe and write the topic";
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return "; allow the user to read and describe the consumer group";
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
      return "; other consumers use the group: give the relay another one with 'group' under relay.kafka";
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
      return "; set session.timeout.ms under kafka.properties to what the brokers allow";
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return "; allow the user IdempotentWrite on the cluster";
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return "; check user, password and mechanism";
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
      return "; is a broker running there";
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
      return "; the cluster has too few brokers for 'replication'";
    default:
      return "";
  }
}

}  // namespace

std::string lasting_reason(std::string reason) {
  const std::size_t at = reason.rfind(" (after ");
  if (at == std::string::npos || !reason.ends_with(')')) return reason;
  if (reason.find("ms in state ", at) != std::string::npos) reason.resize(at);
  return reason;
}

Error error_of(rd_kafka_resp_err_t code, const std::string& doing, const std::string& reason) {
  // An operator can correct even refused credentials while the worker runs.
  return {ErrorKind::unavailable, static_cast<std::int32_t>(code),
          doing + ": " + (reason.empty() ? rd_kafka_err2str(code) : lasting_reason(reason)) +
              advice_for(code, reason)};
}

Error no_broker(const std::string& brokers, rd_kafka_resp_err_t code, const std::string& reason) {
  Error error = error_of(code, "Kafka at " + brokers + " cannot be reached", reason);
  if (*advice_for(code, reason) == '\0') error.message += "; is a broker running there";
  return error;
}

bool is_silence(std::int32_t code) {
  return code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
         code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__RESOLVE;
}

bool refuses_content(rd_kafka_resp_err_t code) {
  return std::ranges::find(refusals, code) != refusals.end();
}

rd_kafka_resp_err_t refusal_in(std::string_view text, std::string_view topic) {
  const std::string about = "for " + std::string(topic) + " [";
  if (text.find(about) == std::string_view::npos) return RD_KAFKA_RESP_ERR_NO_ERROR;
  const auto named = std::ranges::find_if(refusals, [&](rd_kafka_resp_err_t code) {
    return text.find(rd_kafka_err2str(code)) != std::string_view::npos;
  });
  return named == refusals.end() ? RD_KAFKA_RESP_ERR_NO_ERROR : *named;
}

bool is_unknown_topic(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
         code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

bool is_trouble(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return true;
    default:
      return false;
  }
}

}  // namespace sluice::sinks::kafka
