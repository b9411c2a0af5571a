#include "sinks/rabbitmq/frames.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "sinks/rabbitmq/methods.hpp"

namespace sluice::sinks::rabbitmq {
namespace {

using namespace std::string_literals;

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    text += digits[static_cast<std::uint8_t>(byte) >> 4];
    text += digits[static_cast<std::uint8_t>(byte) & 15];
  }
  return text;
}

std::vector<Frame> frames_of(std::string_view bytes, std::size_t frame_max = 131'072) {
  static FrameReader reader;
  reader = {};
  reader.limit(frame_max);
  reader.add(bytes);
  std::vector<Frame> all;
  while (const auto frame = reader.next()) all.push_back(*frame);
  EXPECT_FALSE(reader.malformed());
  return all;
}

/// Section 2.3.5 of the specification: type, channel, size, payload, and 0xCE at the end.
TEST(AmqpFrames, HaveTheLayoutOfTheSpecification) {
  std::string out;
  append_heartbeat(out);
  EXPECT_EQ(hex(out),
            "08"
            "0000"
            "00000000"
            "ce");
  out.clear();
  append_channel_open(out, 0x0102);
  EXPECT_EQ(hex(out),
            "01"
            "0102"
            "00000005"
            "0014000a"
            "00"
            "ce");
  out.clear();
  append_tune_ok(out, {2047, 131'072, 60});
  EXPECT_EQ(hex(out),
            "0100000000000c"
            "000a001f"
            "07ff"
            "00020000"
            "003c"
            "ce");
  out.clear();
  append_open(out, "shop");
  EXPECT_EQ(hex(out),
            "0100000000000b"
            "000a0028"
            "0473686f70"
            "00"
            "00"
            "ce");
  out.clear();
  append_select(out, 1);
  EXPECT_EQ(hex(out),
            "01000100000005"
            "0055000a"
            "00"
            "ce");
}

/// The fields of connection.start-ok: a table, a short text, a long text, and a short text.
TEST(AmqpFrames, TheLogInIsPlain) {
  std::string out;
  append_start_ok(out, "me", "secret");
  const auto frames = frames_of(out);
  ASSERT_EQ(frames.size(), 1U);
  Decoder decoder(frames[0].payload);
  EXPECT_EQ(method_of(decoder), method::start_ok);
  const std::string properties(decoder.long_text());
  EXPECT_NE(properties.find("connection.blockedt\x01"s), std::string::npos);
  EXPECT_NE(properties.find("authentication_failure_closet\x01"s), std::string::npos);
  EXPECT_EQ(decoder.short_text(), "PLAIN");
  EXPECT_EQ(decoder.long_text(), "\0me\0secret"s);
  EXPECT_EQ(decoder.short_text(), "en_US");
  EXPECT_TRUE(decoder.ok());
}

/// Section 4.2.6: a method, a header with the body's size and the properties, and the body.
TEST(AmqpFrames, AMessageHasThreeParts) {
  std::string out;
  append_publish(out, 3, 131'072,
                 {.exchange = "e",
                  .routing_key = "k",
                  .message_id = "id",
                  .content_type = "t",
                  .headers = "A: b\nC: ",
                  .body = "xyz"});
  const auto frames = frames_of(out);
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].type, FrameType::method);
  EXPECT_EQ(hex(frames[0].payload),
            "003c0028"
            "0000"
            "0165"
            "016b"
            "01");
  EXPECT_EQ(frames[1].type, FrameType::header);
  EXPECT_EQ(hex(frames[1].payload),
            "003c"
            "0000"
            "0000000000000003"
            "b080"
            "0174"
            "0000000f"
            "014153"
            "0000000162"
            "014353"
            "00000000"
            "02"
            "026964");
  EXPECT_EQ(frames[2].type, FrameType::body);
  EXPECT_EQ(frames[2].payload, "xyz");
  for (const Frame& frame : frames) EXPECT_EQ(frame.channel, 3);
}

TEST(AmqpFrames, AMessageWithoutABodyHasNoBodyFrame) {
  std::string out;
  append_publish(out, 1, 4096, {});
  EXPECT_EQ(frames_of(out).size(), 2U);
}

TEST(AmqpFrames, ALargeBodyIsDivided) {
  std::string out;
  const std::string body(10'000, 'b');
  append_publish(
      out, 1, 4096,
      {.exchange = {}, .routing_key = {}, .message_id = {}, .content_type = {}, .headers = {}, .body = body});
  const auto frames = frames_of(out, 4096);
  ASSERT_EQ(frames.size(), 5U);
  std::string together;
  for (std::size_t i = 2; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].type, FrameType::body);
    together += frames[i].payload;
  }
  EXPECT_EQ(frames[2].payload.size(), 4088U) << "a whole frame has 4096 bytes";
  EXPECT_EQ(together, body);
}

TEST(AmqpFrames, TextsThatAreTooLongForTheirLengthAreCut) {
  std::string out;
  Encoder(out).short_text(std::string(300, 'x'));
  EXPECT_EQ(out, "\xff"s + std::string(255, 'x'));
}

/// However the bytes arrive, the frames are the same.
TEST(AmqpFrames, ArriveInPieces) {
  std::string out;
  append_heartbeat(out);
  append_publish(out, 7, 4096,
                 {.exchange = "e",
                  .routing_key = "k",
                  .message_id = {},
                  .content_type = {},
                  .headers = {},
                  .body = std::string(5000, 'x')});
  append_bare(out, 7, method::channel_close_ok);
  for (std::size_t step = 1; step < 40; ++step) {
    FrameReader reader;
    std::string seen;
    for (std::size_t at = 0; at < out.size(); at += step) {
      reader.add(std::string_view(out).substr(at, step));
      while (const auto frame = reader.next()) {
        std::string again;
        Encoder encoder(again);
        encoder.begin_frame(frame->type, frame->channel);
        encoder.bytes(frame->payload);
        encoder.end_frame();
        seen += again;
      }
    }
    EXPECT_EQ(seen, out) << step;
  }
}

TEST(AmqpFrames, WhatIsNoFrameIsMalformed) {
  const auto wrong = [](std::string_view bytes) {
    FrameReader reader;
    reader.add(bytes);
    EXPECT_FALSE(reader.next());
    return reader.malformed();
  };
  EXPECT_FALSE(wrong("\x08\0\0\0\0\0"s)) << "not whole yet";
  EXPECT_FALSE(wrong("\x08\0\0\0\0\0\0"s)) << "not whole yet";
  EXPECT_TRUE(wrong("\x08\0\0\0\0\0\0\xcd"s)) << "another end";
  EXPECT_TRUE(wrong("\x04\0\0\0\0\0\0\xce"s)) << "another type";
  EXPECT_TRUE(wrong("\x01\0\0\0\x01\0\0"s)) << "larger than agreed";
  EXPECT_TRUE(wrong("HTTP/1.1 400 Bad Request\r\n\r\n"));
  FrameReader reader;
  reader.add("AMQP\0\x01\0\0"s);
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.other_version());
}

TEST(AmqpFrames, RandomBytesReadNothingBeyondTheirEnd) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (std::size_t i = random() % 60; i > 0; --i) bytes += static_cast<char>(random() % 4);
    FrameReader reader;
    reader.add(bytes);
    while (reader.next()) {
    }
    Decoder decoder(bytes);
    (void)read_start(decoder);
    (void)read_return(decoder);
    (void)read_confirm(decoder, true);
    (void)read_content_header(bytes);
  }
}

TEST(AmqpMethods, OfTheServerAreRead) {
  const auto tune = "\0\x0a\0\x1e\x07\xff\0\x02\0\0\0\x3c"s;
  Decoder decoder(tune);
  EXPECT_EQ(method_of(decoder), method::tune);
  const auto tuning = read_tune(decoder);
  ASSERT_TRUE(tuning);
  EXPECT_EQ(tuning->channels, 2047);
  EXPECT_EQ(tuning->frame_max, 131'072U);
  EXPECT_EQ(tuning->heartbeat_s, 60);

  const auto ack = "\0\x3c\0\x50\0\0\0\0\0\0\x01\x02\x01"s;
  Decoder of_ack(ack);
  EXPECT_EQ(method_of(of_ack), method::ack);
  EXPECT_EQ(read_confirm(of_ack, true), (Confirm{0x102, true, true}));

  const auto returned = "\0\x3c\0\x32\x01\x38\x08NO_ROUTE\x04shop\x01k"s;
  Decoder of_return(returned);
  EXPECT_EQ(method_of(of_return), method::returned);
  const auto read = read_return(of_return);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->code, 312);
  EXPECT_EQ(read->exchange, "shop");
  EXPECT_EQ(read->routing_key, "k");

  const auto close = "\0\x14\0\x28\x01\x94\x09NOT_FOUND\0\x3c\0\x28"s;
  Decoder of_close(close);
  EXPECT_EQ(method_of(of_close), method::channel_close);
  const auto closing = read_close(of_close);
  ASSERT_TRUE(closing);
  EXPECT_EQ(closing->code, 404);
  EXPECT_EQ(closing->text, "NOT_FOUND");
  const auto cut = "\0\x14\0\x28\x01"s;
  Decoder short_one(cut);
  (void)method_of(short_one);
  EXPECT_FALSE(read_close(short_one));
}

TEST(AmqpMethods, TheMechanismsOfStart) {
  std::string payload;
  Encoder encoder(payload);
  encoder.u32(method::start);
  encoder.octet(0);
  encoder.octet(9);
  encoder.begin_table();
  encoder.field("product", "RabbitMQ");
  encoder.end_table();
  encoder.long_text("AMQPLAIN PLAIN");
  encoder.long_text("en_US");
  Decoder decoder(payload);
  EXPECT_EQ(method_of(decoder), method::start);
  EXPECT_EQ(read_start(decoder), "AMQPLAIN PLAIN");
}

TEST(AmqpMethods, TheIdOfAReturnedMessageIsInItsHeader) {
  std::string out;
  append_publish(out, 1, 4096,
                 {.exchange = "e",
                  .routing_key = "k",
                  .message_id = "8264",
                  .content_type = "application/json",
                  .headers = "A: b",
                  .body = "xy"});
  const auto frames = frames_of(out);
  const auto header = read_content_header(frames[1].payload);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->body_size, 2U);
  EXPECT_EQ(header->message_id, "8264");
  EXPECT_FALSE(read_content_header(frames[1].payload.substr(0, 30)));
}

}  // namespace
}  // namespace sluice::sinks::rabbitmq
