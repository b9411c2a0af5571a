#include "sinks/kafka/relay/record.hpp"

#include <charconv>

namespace sluice::sinks::kafka {

namespace {

void add_relay_header(rd_kafka_headers_t* headers, const char* name, std::string_view value) {
  rd_kafka_header_add(headers, name, -1, value.data(), static_cast<ssize_t>(value.size()));
}

std::string_view last_header(const rd_kafka_headers_t* headers, const char* name) {
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return {static_cast<const char*>(value), size};
}

}  // namespace

Headers relay_headers(std::string_view id, const RelayHeader& header, std::uint64_t sequence) {
  Headers headers(rd_kafka_headers_new(3));
  add_relay_header(headers.get(), relay_id_header, id);
  add_relay_header(headers.get(), relay_header, header.text());
  add_relay_header(headers.get(), relay_sequence_header, std::to_string(sequence));
  return headers;
}

std::optional<RelayRecord> relay_record_of(std::string_view id, std::string_view header,
                                           std::string_view sequence) {
  const auto parsed = RelayHeader::parse(header);
  RelayRecord record;
  const char* end = sequence.data() + sequence.size();
  const auto read = std::from_chars(sequence.data(), end, record.sequence);
  if (!parsed || id.empty() || sequence.empty() || read.ec != std::errc{} || read.ptr != end)
    return std::nullopt;
  record.header = *parsed;
  record.id = id;
  return record;
}

std::optional<RelayRecord> relay_record_of(const rd_kafka_message_t& message) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  auto record = relay_record_of(last_header(headers, relay_id_header), last_header(headers, relay_header),
                                last_header(headers, relay_sequence_header));
  if (!record) return std::nullopt;
  record->place = static_cast<std::uint64_t>(message.offset) + 1;
  record->partition = message.partition;
  record->body.assign(static_cast<const char*>(message.payload), message.len);
  return record;
}

}  // namespace sluice::sinks::kafka
