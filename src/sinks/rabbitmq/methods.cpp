#include "sinks/rabbitmq/methods.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "text/hex.hpp"

namespace sluice::sinks::rabbitmq {

namespace {

// Flags that say which properties follow, in their order.
constexpr std::uint16_t has_content_type = 1 << 15;
constexpr std::uint16_t has_content_encoding = 1 << 14;
constexpr std::uint16_t has_headers = 1 << 13;
constexpr std::uint16_t has_delivery_mode = 1 << 12;
constexpr std::uint16_t has_priority = 1 << 11;
constexpr std::uint16_t has_correlation_id = 1 << 10;
constexpr std::uint16_t has_reply_to = 1 << 9;
constexpr std::uint16_t has_expiration = 1 << 8;
constexpr std::uint16_t has_message_id = 1 << 7;

constexpr std::uint8_t persistent = 2;
constexpr std::uint8_t mandatory = 1;
constexpr std::uint8_t passive_bit = 1;
constexpr std::uint8_t durable_bit = 2;

void append_properties(Encoder& encoder, const Publication& message) {
  std::uint16_t flags = has_delivery_mode;
  if (!message.content_type.empty()) flags |= has_content_type;
  if (!message.headers.empty()) flags |= has_headers;
  if (!message.message_id.empty()) flags |= has_message_id;
  encoder.u16(flags);
  if (!message.content_type.empty()) encoder.short_text(message.content_type);
  if (!message.headers.empty()) {
    encoder.begin_table();
    for (std::string_view rest = message.headers; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      const std::size_t colon = std::min(line.find(": "), line.size());
      encoder.field(line.substr(0, colon), line.substr(std::min(colon + 2, line.size())));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    encoder.end_table();
  }
  encoder.octet(persistent);
  if (!message.message_id.empty()) encoder.short_text(message.message_id);
}

void append_end(std::string& out, std::uint16_t channel, std::uint32_t method) {
  constexpr std::uint16_t reply_success = 200;
  Encoder encoder(out);
  encoder.begin_method(channel, method);
  encoder.u16(reply_success);
  encoder.short_text("");
  encoder.u32(0);
  encoder.end_frame();
}

}  // namespace

void append_start_ok(std::string& out, const std::string& user, const std::string& password) {
  Encoder encoder(out);
  encoder.begin_method(0, method::start_ok);
  encoder.begin_table();
  encoder.field("product", "Sluice");
  encoder.field("version", SLUICE_VERSION);
  encoder.field("connection_name", "sluice");
  encoder.begin_field_table("capabilities");
  encoder.field("publisher_confirms", true);
  encoder.field("basic.nack", true);
  encoder.field("connection.blocked", true);
  encoder.field("authentication_failure_close", true);
  encoder.end_field_table();
  encoder.end_table();
  encoder.short_text("PLAIN");
  std::string response(1, '\0');
  response.append(user).append(1, '\0').append(password);
  encoder.long_text(response);
  encoder.short_text("en_US");
  encoder.end_frame();
}

void append_tune_ok(std::string& out, const Tuning& tuning) {
  Encoder encoder(out);
  encoder.begin_method(0, method::tune_ok);
  encoder.u16(tuning.channels);
  encoder.u32(tuning.frame_max);
  encoder.u16(tuning.heartbeat_s);
  encoder.end_frame();
}

void append_open(std::string& out, const std::string& vhost) {
  Encoder encoder(out);
  encoder.begin_method(0, method::open);
  encoder.short_text(vhost);
  encoder.short_text("");
  encoder.octet(0);
  encoder.end_frame();
}

void append_close(std::string& out) {
  append_end(out, 0, method::close);
}

void append_channel_close(std::string& out, std::uint16_t channel) {
  append_end(out, channel, method::channel_close);
}

void append_declare(std::string& out, std::uint16_t channel, const ExchangeDeclaration& exchange) {
  Encoder encoder(out);
  encoder.begin_method(channel, method::declare);
  encoder.u16(0);
  encoder.short_text(exchange.exchange);
  encoder.short_text(exchange.type);
  encoder.octet(exchange.passive ? passive_bit : durable_bit);
  encoder.begin_table();
  encoder.end_table();
  encoder.end_frame();
}

void append_select(std::string& out, std::uint16_t channel) {
  Encoder encoder(out);
  encoder.begin_method(channel, method::select);
  encoder.octet(0);
  encoder.end_frame();
}

void append_channel_open(std::string& out, std::uint16_t channel) {
  Encoder encoder(out);
  encoder.begin_method(channel, method::channel_open);
  encoder.short_text("");
  encoder.end_frame();
}

void append_bare(std::string& out, std::uint16_t channel, std::uint32_t method) {
  Encoder encoder(out);
  encoder.begin_method(channel, method);
  encoder.end_frame();
}

void append_heartbeat(std::string& out) {
  Encoder encoder(out);
  encoder.begin_frame(FrameType::heartbeat, 0);
  encoder.end_frame();
}

void append_publish(std::string& out, std::uint16_t channel, std::size_t frame_max,
                    const Publication& message) {
  Encoder encoder(out);
  encoder.begin_method(channel, method::publish);
  encoder.u16(0);
  encoder.short_text(message.exchange);
  encoder.short_text(message.routing_key);
  encoder.octet(mandatory);
  encoder.end_frame();

  encoder.begin_frame(FrameType::header, channel);
  encoder.u16(basic_class);
  encoder.u16(0);
  encoder.u64(message.body.size());
  append_properties(encoder, message);
  encoder.end_frame();

  const std::size_t most = frame_max == 0 ? message.body.size() : frame_max - frame_overhead;
  for (std::string_view rest = message.body; !rest.empty();) {
    const std::string_view part = rest.substr(0, most);
    encoder.begin_frame(FrameType::body, channel);
    encoder.bytes(part);
    encoder.end_frame();
    rest.remove_prefix(part.size());
  }
}

std::string message_id_of(std::string_view id) {
  if (id.size() <= most_short_text) return std::string(id);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  EVP_Digest(id.data(), id.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string text = "sha256:";
  text::append_hex(text, digest.data(), size);
  return text;
}

std::uint32_t method_of(Decoder& decoder) {
  return decoder.u32();
}

std::optional<std::string> read_start(Decoder& decoder) {
  decoder.octet();  // the version, as the protocol header said
  decoder.octet();
  decoder.long_text();  // properties of the server
  std::string mechanisms(decoder.long_text());
  if (!decoder.ok()) return std::nullopt;
  return mechanisms;
}

std::optional<Tuning> read_tune(Decoder& decoder) {
  Tuning tuning;
  tuning.channels = decoder.u16();
  tuning.frame_max = decoder.u32();
  tuning.heartbeat_s = decoder.u16();
  if (!decoder.ok()) return std::nullopt;
  return tuning;
}

std::optional<Closing> read_close(Decoder& decoder) {
  Closing closing;
  closing.code = decoder.u16();
  closing.text = decoder.short_text();
  if (!decoder.ok()) return std::nullopt;
  return closing;
}

std::optional<Confirm> read_confirm(Decoder& decoder, bool ack) {
  Confirm confirm;
  confirm.tag = decoder.u64();
  confirm.multiple = (decoder.octet() & 1) != 0;
  confirm.ack = ack;
  if (!decoder.ok()) return std::nullopt;
  return confirm;
}

std::optional<Return> read_return(Decoder& decoder) {
  Return returned;
  returned.code = decoder.u16();
  returned.text = decoder.short_text();
  returned.exchange = decoder.short_text();
  returned.routing_key = decoder.short_text();
  if (!decoder.ok()) return std::nullopt;
  return returned;
}

std::optional<ContentHeader> read_content_header(std::string_view payload) {
  Decoder decoder(payload);
  ContentHeader header;
  decoder.u32();  // class and weight
  header.body_size = decoder.u64();
  const std::uint16_t flags = decoder.u16();
  if ((flags & has_content_type) != 0) decoder.short_text();
  if ((flags & has_content_encoding) != 0) decoder.short_text();
  if ((flags & has_headers) != 0) decoder.long_text();
  if ((flags & has_delivery_mode) != 0) decoder.octet();
  if ((flags & has_priority) != 0) decoder.octet();
  for (const std::uint16_t one : {has_correlation_id, has_reply_to, has_expiration}) {
    if ((flags & one) != 0) decoder.short_text();
  }
  if ((flags & has_message_id) != 0) header.message_id = decoder.short_text();
  if (!decoder.ok()) return std::nullopt;
  return header;
}

}  // namespace sluice::sinks::rabbitmq
