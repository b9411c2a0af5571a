#include "sinks/rabbitmq/errors.hpp"

namespace sluice::sinks::rabbitmq {

namespace {

const char* advice_for(const Closing& closing) {
  switch (closing.code) {
    case reply::access_refused:
      return "; allow the user to write to the exchange (rabbitmqctl set_permissions), and to configure it "
             "if the rule declares it";
    case reply::not_found:
      return "; create the exchange, or let Sluice declare it with 'declare: topic' (a super stream is "
             "created with "
             "rabbitmq-streams add_super_stream)";
    case reply::not_allowed:
    case reply::invalid_path:
      return "; create the virtual host, or give the user access to it";
    case reply::connection_forced:
      return "; the broker is stopping, or an operator closed the connection";
    default:
      return "";
  }
}

}  // namespace

Error closed_error(const std::string& where, const Closing& closing) {
  return {ErrorKind::unavailable, closing.code, where + ": " + closing.text + advice_for(closing)};
}

Error log_in_error(const std::string& where, const Closing& closing) {
  Error error = closed_error(where, closing);
  if (closing.code == reply::access_refused) {
    error.message = where + " refuses the log-in: " + closing.text +
                    "; check the user and password in 'rabbitmq.url', or 'rabbitmq.password_file'";
  }
  return error;
}

bool refuses_message(std::uint16_t code) {
  switch (code) {
    case reply::content_too_large:
    case reply::precondition_failed:
    case reply::frame_error:
    case reply::syntax_error:
    case reply::unexpected_frame:
      return true;
    default:
      return false;
  }
}

Error unroutable_error(const Return& returned) {
  return {ErrorKind::own_fault, returned.code,
          "no queue takes the message: exchange '" + returned.exchange + "', routing key '" +
              returned.routing_key + "' (" + returned.text +
              "); bind a queue to the exchange for it, then retry the dead letter"};
}

Error unroutable_yet_error(const std::string& where, const Return& returned) {
  return {ErrorKind::unavailable, returned.code,
          where + " has no queue yet for exchange '" + returned.exchange + "', routing key '" +
              returned.routing_key + "' (" + returned.text +
              "); right after its start some queues are missing, so the message is sent again for a while"};
}

Error rejected_error(const std::string& where, const std::string& exchange, const std::string& routing_key) {
  return {
      ErrorKind::unavailable, 0,
      where + " rejects messages for exchange '" + exchange + "', routing key '" + routing_key +
          "': a queue is full and has the overflow policy reject-publish, or it cannot be written; let its "
          "consumers catch up, or raise its limit"};
}

}  // namespace sluice::sinks::rabbitmq
