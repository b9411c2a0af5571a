#include "sinks/rabbitmq/frames.hpp"

#include <algorithm>

namespace sluice::sinks::rabbitmq {

namespace {

constexpr std::size_t frame_start = 7;
constexpr std::uint8_t frame_end_octet = 0xCE;

bool is_frame_type(std::uint8_t type) {
  return (type >= 1 && type <= 3) || type == static_cast<std::uint8_t>(FrameType::heartbeat);
}

}  // namespace

void Encoder::short_text(std::string_view text) {
  text = text.substr(0, most_short_text);
  octet(static_cast<std::uint8_t>(text.size()));
  bytes(text);
}

void Encoder::long_text(std::string_view text) {
  u32(static_cast<std::uint32_t>(text.size()));
  bytes(text);
}

std::size_t Encoder::begin_sized() {
  const std::size_t at = out_.size();
  u32(0);
  return at;
}

/// Writes the size of what came after the four bytes at `at`.
void Encoder::end_sized(std::size_t at) {
  const std::size_t size = out_.size() - at - 4;
  for (std::size_t i = 0; i < 4; ++i) out_[at + i] = static_cast<char>(size >> (8 * (3 - i)));
}

void Encoder::begin_table() {
  table_ = begin_sized();
}

void Encoder::field(std::string_view name, std::string_view text) {
  short_text(name);
  octet('S');
  long_text(text);
}

void Encoder::field(std::string_view name, bool value) {
  short_text(name);
  octet('t');
  octet(value ? 1 : 0);
}

void Encoder::begin_field_table(std::string_view name) {
  short_text(name);
  octet('F');
  inner_table_ = begin_sized();
}

void Encoder::begin_frame(FrameType type, std::uint16_t channel) {
  octet(static_cast<std::uint8_t>(type));
  u16(channel);
  frame_ = begin_sized();
}

void Encoder::end_frame() {
  end_sized(frame_);
  octet(frame_end_octet);
}

void Encoder::begin_method(std::uint16_t channel, std::uint32_t method) {
  begin_frame(FrameType::method, channel);
  u32(method);
}

std::uint64_t Decoder::number(std::size_t size) {
  std::uint64_t value = 0;
  for (const char byte : bytes(size)) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

std::string_view Decoder::bytes(std::size_t size) {
  if (!ok_ || size > rest_.size()) {
    ok_ = false;
    return {};
  }
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

void FrameReader::add(std::string_view arrived) {
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_.append(arrived);
}

std::optional<Frame> FrameReader::next() {
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  if (malformed_ || rest.size() < frame_start) return std::nullopt;
  Decoder decoder(rest);
  const std::uint8_t type = decoder.octet();
  const std::uint16_t channel = decoder.u16();
  const std::size_t size = decoder.u32();
  if (!is_frame_type(type) || size + frame_overhead > frame_max_) {
    malformed_ = true;
    other_version_ = rest.starts_with(protocol_header.substr(0, 4));
    return std::nullopt;
  }
  if (rest.size() < size + frame_overhead) return std::nullopt;
  if (static_cast<std::uint8_t>(rest[frame_start + size]) != frame_end_octet) {
    malformed_ = true;
    return std::nullopt;
  }
  at_ += size + frame_overhead;
  return Frame{static_cast<FrameType>(type), channel, rest.substr(frame_start, size)};
}

}  // namespace sluice::sinks::rabbitmq
