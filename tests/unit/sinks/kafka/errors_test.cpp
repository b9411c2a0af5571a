#include "sinks/kafka/errors.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks::kafka {
namespace {

TEST(KafkaErrors, LeaveOutWhatChangesFromOneTimeToTheNext) {
  const std::string refused =
      "127.0.0.1:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused";
  const std::string silent = "Disconnected: broker version is < 0.10 (see api.version.request)";
  for (const std::string& lasting : {refused, silent}) {
    for (const char* changing :
         {"", " (after 0ms in state CONNECT)", " (after 12ms in state APIVERSION_QUERY)",
          " (after 2ms in state CONNECT, 3 identical error(s) suppressed)"}) {
      EXPECT_EQ(lasting_reason(lasting + changing), lasting);
      EXPECT_EQ(error_of(RD_KAFKA_RESP_ERR__TRANSPORT, "Kafka", lasting + changing).message,
                "Kafka: " + lasting + "; is a broker running there");
    }
  }
  EXPECT_EQ(lasting_reason("refused (after a while)"), "refused (after a while)");
}

}  // namespace
}  // namespace sluice::sinks::kafka
