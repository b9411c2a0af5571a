#include "checkpoint/dedup_record.hpp"

#include <cstring>

namespace sluice::checkpoint {

namespace {

constexpr std::size_t word = 8;
/// The bytes before the content of a BSON binary value: its length (int32) and its subtype.
constexpr std::size_t binary_head = 5;

void put(std::vector<std::uint8_t>& out, std::uint64_t number) {
  for (std::size_t i = 0; i < word; ++i) out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

std::uint64_t get(const std::uint8_t* at) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < word; ++i) number |= std::uint64_t{at[i]} << (8 * i);
  return number;
}

std::vector<std::uint8_t> binary_of(const std::vector<flow::DedupWindow::Entry>& entries) {
  std::vector<std::uint8_t> out;
  const std::size_t size = entries.size() * stored_repetition_bytes;
  out.reserve(binary_head + size);
  for (std::size_t i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(size >> (8 * i)));
  out.push_back(BSON_SUBTYPE_BINARY);
  for (const auto& entry : entries) {
    put(out, entry.content);
    put(out, static_cast<std::uint64_t>(entry.until_ms));
  }
  return out;
}

bool read_entries(const bson::Value& value, std::vector<flow::DedupWindow::Entry>& entries) {
  if (value.type() != BSON_TYPE_BINARY || value.raw().size() < binary_head) return false;
  const auto bytes = value.raw().subspan(binary_head);
  if (bytes.size() % stored_repetition_bytes != 0) return false;
  for (std::size_t at = 0; at < bytes.size(); at += stored_repetition_bytes) {
    entries.push_back({get(&bytes[at]), static_cast<std::int64_t>(get(&bytes[at + word]))});
  }
  return true;
}

}  // namespace

void append_windows(bson::Builder& out, std::string_view key, const std::vector<DedupRecord>& windows) {
  out.open_array(key);
  for (const auto& [rule, window] : windows) {
    const auto entries = binary_of(window.entries);
    out.open(out.item()).append("rule", rule);
    out.append("windowMs", window.window_ms).append("nowMs", window.now_ms).append("exact", window.exact);
    out.append("entries", bson::Value(BSON_TYPE_BINARY, entries)).close();
  }
  out.close();
}

std::vector<DedupRecord> read_windows(bson::View array) {
  std::vector<DedupRecord> windows;
  for (const auto& [index, value] : array) {
    const bson::View one = value.document();
    DedupRecord read{std::string(one.at("rule").text()), {}};
    read.window.window_ms = one.at("windowMs").integer().value_or(0);
    read.window.now_ms = one.at("nowMs").integer().value_or(INT64_MIN);
    const bool whole = read_entries(one.at("entries"), read.window.entries);
    read.window.exact = one.at("exact").boolean() && whole;
    windows.push_back(std::move(read));
  }
  return windows;
}

}  // namespace sluice::checkpoint
