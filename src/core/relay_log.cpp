#include "core/relay_log.hpp"

#include <algorithm>
#include <charconv>

namespace sluice {

std::string RelayHeader::text() const {
  return version + ' ' + std::to_string(previous) + ' ' + std::to_string(part) + ' ' + std::to_string(parts);
}

std::optional<RelayHeader> RelayHeader::parse(std::string_view text) {
  RelayHeader header;
  const auto space = text.find(' ');
  if (space == 0 || space == std::string_view::npos) return std::nullopt;
  header.version = text.substr(0, space);
  const char* at = text.data() + space;
  const char* const end = text.data() + text.size();
  const auto number = [&](auto& value) {
    if (at == end || *at != ' ') return false;
    const auto read = std::from_chars(at + 1, end, value);
    at = read.ptr;
    return read.ec == std::errc{};
  };
  const bool whole = number(header.previous) && number(header.part) && number(header.parts) && at == end;
  if (!whole || header.part < 0 || header.part >= header.parts) return std::nullopt;
  return header;
}

std::string relay_log_name(const std::string& relay, const StreamConfig& stream) {
  const bool own = stream.of_triggers || stream.name.find_first_of(":.") != std::string::npos;
  if (!own) return relay;
  std::string suffix = "-" + stream.name;
  std::ranges::replace_if(
      suffix, [](char c) { return c == ':' || c == '.'; }, '-');
  return relay + suffix;
}

Error written_by_others(const RelayLog& log) {
  return {
      ErrorKind::fatal, 0,
      log.name() +
          " is written by another pipeline, or for another database; give each relay a stream or topic of "
          "its own, or delete this one if nobody needs it any more"};
}

std::optional<Error> check_owner(RelayLog& log, int partitions, std::string_view version) {
  std::optional<RelayRecord> record;
  for (int partition = 0; partition < partitions && !record; ++partition) {
    if (auto error = log.last_of(partition, record)) return error;
  }
  return record && !record->header.is_of(version) ? std::optional(written_by_others(log)) : std::nullopt;
}

}  // namespace sluice
