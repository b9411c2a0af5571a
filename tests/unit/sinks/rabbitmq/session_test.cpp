#include "sinks/rabbitmq/session.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks::rabbitmq {
namespace {

using namespace std::string_literals;

/// The server's side of a conversation.
class RabbitSession : public testing::Test {
 protected:
  /// Sends a method with these arguments to the session, and returns the methods that it answers with.
  std::vector<std::uint32_t> say(std::uint16_t channel, std::uint32_t method,
                                 const std::string& arguments = "") {
    std::string frame;
    Encoder encoder(frame);
    encoder.begin_method(channel, method);
    encoder.bytes(arguments);
    encoder.end_frame();
    return say_bytes(frame);
  }
  std::vector<std::uint32_t> say_bytes(const std::string& bytes) {
    std::string out;
    session_.receive(bytes, out);
    return methods_in(out);
  }
  static std::vector<std::uint32_t> methods_in(const std::string& bytes) {
    FrameReader reader;
    reader.limit(131'072);
    reader.add(bytes);
    std::vector<std::uint32_t> methods;
    while (const auto frame = reader.next()) {
      Decoder decoder(frame->payload);
      methods.push_back(method_of(decoder));
    }
    return methods;
  }
  static std::string start(const std::string& mechanisms = "AMQPLAIN PLAIN") {
    std::string text;
    Encoder encoder(text);
    encoder.octet(0);
    encoder.octet(9);
    encoder.u32(0);
    encoder.long_text(mechanisms);
    encoder.long_text("en_US");
    return text;
  }
  static std::string closing(std::uint16_t code, const std::string& text) {
    std::string out;
    Encoder encoder(out);
    encoder.u16(code);
    encoder.short_text(text);
    encoder.u32(0);
    return out;
  }
  void log_in() {
    say(0, method::start, start());
    say(0, method::tune, "\0\x05\0\0\x20\0\0\x3c"s);
    say(0, method::open_ok, "\0"s);
    ASSERT_EQ(session_.state(), Session::State::open);
  }
  std::uint16_t channel() {
    std::string out;
    const auto number = session_.open_channel(out);
    EXPECT_EQ(methods_in(out), (std::vector{method::channel_open, method::select}));
    return number.value_or(0);
  }
  std::vector<std::uint32_t> forget(std::uint16_t number) {
    std::string out;
    session_.forget(number, out);
    return methods_in(out);
  }
  static std::string confirm(std::uint64_t tag, bool multiple) {
    std::string out;
    Encoder encoder(out);
    encoder.u64(tag);
    encoder.octet(multiple ? 1 : 0);
    return out;
  }

  Session session_{"RabbitMQ at x", {"me", "secret", "shop", 10}};
};

TEST_F(RabbitSession, LogsInAndAgreesOnLimits) {
  std::string out;
  session_.begin(out);
  EXPECT_EQ(out, "AMQP\0\0\x09\x01"s);
  EXPECT_EQ(say(0, method::start, start()), std::vector{method::start_ok});
  EXPECT_EQ(say(0, method::tune, "\0\x05\0\0\x20\0\0\x3c"s), (std::vector{method::tune_ok, method::open}));
  EXPECT_EQ(session_.tuning().channels, 5);
  EXPECT_EQ(session_.tuning().frame_max, 8192U);
  EXPECT_EQ(session_.tuning().heartbeat_s, 10) << "ours is shorter";
  EXPECT_EQ(session_.state(), Session::State::logging_in);
  say(0, method::open_ok, "\0"s);
  EXPECT_EQ(session_.state(), Session::State::open);
}

TEST_F(RabbitSession, ZeroIsNoLimit) {
  say(0, method::start, start());
  say(0, method::tune, "\0\0\0\0\0\0\0\0"s);
  EXPECT_EQ(session_.tuning().channels, 2047);
  EXPECT_EQ(session_.tuning().frame_max, 131'072U);
  EXPECT_EQ(session_.tuning().heartbeat_s, 10);
}

TEST_F(RabbitSession, SaysWhyTheLogInFails) {
  say(0, method::start, start());
  EXPECT_EQ(say(0, method::close, closing(403, "ACCESS_REFUSED - login refused")),
            std::vector{method::close_ok});
  EXPECT_EQ(session_.state(), Session::State::closed);
  EXPECT_EQ(session_.error().kind, ErrorKind::unavailable);
  EXPECT_NE(session_.error().message.find("check the user and password"), std::string::npos);
}

TEST_F(RabbitSession, SaysWhyTheVirtualHostIsRefused) {
  say(0, method::start, start());
  say(0, method::tune, "\0\x05\0\0\x20\0\0\x3c"s);
  say(0, method::close, closing(530, "NOT_ALLOWED - vhost shop not found"));
  EXPECT_NE(session_.error().message.find("vhost shop not found; create the virtual host"), std::string::npos)
      << session_.error().message;
}

TEST_F(RabbitSession, NeedsPlain) {
  say(0, method::start, start("EXTERNAL XPLAIN"));
  EXPECT_NE(session_.error().message.find("only: EXTERNAL XPLAIN"), std::string::npos);
}

TEST_F(RabbitSession, KnowsWhatIsNoBroker) {
  say_bytes("HTTP/1.1 400 Bad Request\r\n");
  EXPECT_NE(session_.error().message.find("is not AMQP"), std::string::npos);
  Session other("x", {});
  std::string out;
  other.receive("AMQP\0\x01\0\0"s, out);
  EXPECT_NE(other.error().message.find("does not support AMQP 0-9-1"), std::string::npos);
}

TEST_F(RabbitSession, PassesConfirmationsToTheirChannel) {
  log_in();
  EXPECT_EQ(channel(), 1);
  EXPECT_EQ(channel(), 2);
  say(1, method::channel_open_ok, "\0\0\0\0"s);
  say(1, method::select_ok);
  EXPECT_EQ(session_.inbox(1).replies, (std::vector{method::channel_open_ok, method::select_ok}));
  say(2, method::ack, confirm(5, true));
  say(2, method::nack, confirm(6, false));
  EXPECT_EQ(session_.inbox(2).confirms, (std::vector<Confirm>{{5, true, true}, {6, false, false}}));
  EXPECT_TRUE(session_.inbox(1).confirms.empty());
}

TEST_F(RabbitSession, AllowsNoMoreChannelsThanTheServer) {
  log_in();
  for (int i = 1; i <= 5; ++i) EXPECT_EQ(channel(), i);
  std::string out;
  EXPECT_FALSE(session_.open_channel(out));
}

/// A returned message comes as a method, a header and its body in any number of frames.
TEST_F(RabbitSession, RecognisesAReturnedMessageByItsId) {
  log_in();
  channel();
  say(1, method::returned, "\x01\x38\x08NO_ROUTE\x04shop\x01k"s);
  std::string content;
  append_publish(content, 1, 4096,
                 {.exchange = {},
                  .routing_key = {},
                  .message_id = "8264",
                  .content_type = "t",
                  .headers = "A: b",
                  .body = std::string(9000, 'x')});
  FrameReader reader;
  reader.add(content);
  const std::size_t method_size = reader.next()->payload.size() + frame_overhead;
  say_bytes(content.substr(method_size));
  say(1, method::ack, confirm(1, false));
  ASSERT_EQ(session_.inbox(1).returns.size(), 1U);
  const Return& returned = session_.inbox(1).returns[0];
  EXPECT_EQ(returned.code, 312);
  EXPECT_EQ(returned.exchange, "shop");
  EXPECT_EQ(returned.routing_key, "k");
  EXPECT_EQ(returned.message_id, "8264");
}

TEST_F(RabbitSession, AClosedChannelIsAnsweredAndItsNumberUsedAgain) {
  log_in();
  channel();
  EXPECT_EQ(say(1, method::channel_close, closing(404, "NOT_FOUND")), std::vector{method::channel_close_ok});
  ASSERT_TRUE(session_.inbox(1).closed);
  EXPECT_EQ(session_.inbox(1).closed->code, 404);
  EXPECT_EQ(channel(), 2) << "until its user has seen it";
  forget(1);
  EXPECT_EQ(channel(), 1);
  EXPECT_FALSE(session_.inbox(1).closed);
}

TEST_F(RabbitSession, AChannelWhoseUserIsGoneIsClosed) {
  log_in();
  channel();
  EXPECT_EQ(forget(1), std::vector{method::channel_close});
  EXPECT_EQ(channel(), 2) << "until the server has closed it";
  say(1, method::channel_close_ok);
  EXPECT_EQ(channel(), 1);
}

TEST_F(RabbitSession, ANumberIsNotUsedAgainWhileItsChannelIsOpen) {
  log_in();
  channel();
  forget(1);
  EXPECT_EQ(channel(), 2);
  say(1, method::ack, confirm(1, false));
  say(1, method::channel_close, closing(404, ""));
  EXPECT_EQ(channel(), 1);
}

TEST_F(RabbitSession, KnowsOfAlarms) {
  log_in();
  say(0, method::blocked, "\x0alow memory"s);
  EXPECT_EQ(session_.blocked(), "low memory");
  say(0, method::unblocked);
  EXPECT_EQ(session_.blocked(), std::nullopt);
}

TEST_F(RabbitSession, TheFirstReasonOfAnEndCounts) {
  log_in();
  say(0, method::close, closing(320, "CONNECTION_FORCED - broker forced connection closure"));
  session_.lost({ErrorKind::unavailable, 0, "reset"});
  EXPECT_NE(session_.error().message.find("CONNECTION_FORCED"), std::string::npos);
}

}  // namespace
}  // namespace sluice::sinks::rabbitmq
