#pragma once

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

#include "sluice/error.hpp"

namespace sluice::sinks::kafka {

/// librdkafka's text about a connection without its end, `(after 0ms in state CONNECT, 3 identical error(s)
/// suppressed)`. That changes from one time to the next, so the same error would be reported again.
std::string lasting_reason(std::string reason);

/// The error for a code of librdkafka or of a broker: `doing`, then the reason and advice. Without a reason
/// it is librdkafka's text for the code. The kind is `unavailable`.
Error error_of(rd_kafka_resp_err_t code, const std::string& doing, const std::string& reason = "");

/// The error for brokers that cannot be reached, with the reason and advice.
Error no_broker(const std::string& brokers, rd_kafka_resp_err_t code, const std::string& reason = "");

/// Whether this code of an error says that no broker answered.
bool is_silence(std::int32_t code);

/// Whether the broker refused the content of a request, which may have held several messages: any one of them
/// may be at fault, or only their size together.
bool refuses_content(rd_kafka_resp_err_t code);

/// The code for which refuses_content() holds that librdkafka's text about a failed request names; none if
/// the text names no such code, or is about another topic.
rd_kafka_resp_err_t refusal_in(std::string_view text, std::string_view topic);

/// Whether the topic does not exist, as far as the brokers say.
bool is_unknown_topic(rd_kafka_resp_err_t code);

/// Whether no message can be sent until somebody or something else is mended, although the producer goes on
/// trying: no broker can be reached, or they refuse the log-in.
bool is_trouble(rd_kafka_resp_err_t code);

}  // namespace sluice::sinks::kafka
