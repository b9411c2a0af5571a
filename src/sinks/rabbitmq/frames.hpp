#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Frames of AMQP 0-9-1: an octet with the type, the channel in two, the payload's size in four, the payload,
/// and an octet that ends the frame. All numbers are big-endian.
namespace sluice::sinks::rabbitmq {

enum class FrameType : std::uint8_t { method = 1, header = 2, body = 3, heartbeat = 8 };

inline constexpr std::size_t frame_overhead = 8;
inline constexpr std::size_t least_frame_max = 4096;
inline constexpr std::size_t most_short_text = 255;
/// What a client and a server send before the first frame.
inline constexpr std::string_view protocol_header{"AMQP\x00\x00\x09\x01", 8};

/// A frame, as it was read. The payload is valid until the next call of FrameReader.
struct Frame {
  FrameType type;
  std::uint16_t channel;
  std::string_view payload;
};

/// Appends frames and what they consist of to a text.
class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}

  void octet(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void u16(std::uint16_t value) { number<2>(value); }
  void u32(std::uint32_t value) { number<4>(value); }
  void u64(std::uint64_t value) { number<8>(value); }
  void bytes(std::string_view text) { out_.append(text); }
  /// Up to most_short_text bytes; the rest is cut off.
  void short_text(std::string_view text);
  void long_text(std::string_view text);

  /// A table: between begin and end come its fields.
  void begin_table();
  void end_table() { end_sized(table_); }
  void field(std::string_view name, std::string_view text);
  void field(std::string_view name, bool value);
  /// A table as the value of a field. Tables nest once.
  void begin_field_table(std::string_view name);
  void end_field_table() { end_sized(inner_table_); }

  void begin_frame(FrameType type, std::uint16_t channel);
  void end_frame();
  /// A frame with a method. Its arguments come before end_frame().
  void begin_method(std::uint16_t channel, std::uint32_t method);

 private:
  template <int Bytes>
  void number(std::uint64_t value) {
    for (int shift = 8 * (Bytes - 1); shift >= 0; shift -= 8)
      octet(static_cast<std::uint8_t>(value >> shift));
  }
  std::size_t begin_sized();
  void end_sized(std::size_t at);

  std::string& out_;
  std::size_t frame_ = 0;  ///< where the sizes of the frame and the tables are
  std::size_t table_ = 0;
  std::size_t inner_table_ = 0;
};

/// Reads what a frame's payload consists of. After reading past the end all values are 0 or empty, and ok()
/// is false.
class Decoder {
 public:
  explicit Decoder(std::string_view payload) : rest_(payload) {}

  std::uint8_t octet() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  std::string_view short_text() { return bytes(octet()); }
  /// Also reads a table, as the bytes of its fields.
  std::string_view long_text() { return bytes(u32()); }
  bool ok() const { return ok_; }

 private:
  std::uint64_t number(std::size_t size);
  std::string_view bytes(std::size_t size);

  std::string_view rest_;
  bool ok_ = true;
};

/// Divides what arrives into frames.
class FrameReader {
 public:
  /// Frames larger than `frame_max`, with their overhead, are malformed. Also limits the memory.
  void limit(std::size_t frame_max) { frame_max_ = frame_max; }

  void add(std::string_view arrived);
  /// The next whole frame.
  std::optional<Frame> next();
  /// What arrived is no frame: nothing more can be read.
  bool malformed() const { return malformed_; }
  /// The server answered with its protocol header, as it does when it does not support the client's version.
  bool other_version() const { return other_version_; }

 private:
  std::string buffer_;
  std::size_t at_ = 0;
  std::size_t frame_max_ = least_frame_max;
  bool malformed_ = false;
  bool other_version_ = false;
};

}  // namespace sluice::sinks::rabbitmq
