#include "cli/views/relay_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "text/json_writer.hpp"
#include "text/printable.hpp"

namespace sluice::cli {

using operations::RelayStatus;

namespace {

/// How long what the partition has not read yet has been in the log.
std::int64_t unread_s(const RelayStatus::Partition& partition) {
  return std::max<std::int64_t>(0, partition.newest_s - partition.read_s);
}

bool is_known(const RelayStatus::Partition& partition) {
  return partition.newest_s != 0 && partition.read_s != 0;
}

/// What is known of the log as a whole.
std::vector<std::string> facts(const RelayStatus& relay) {
  std::vector<std::string> all;
  if (!relay.problem.empty()) {
    all.emplace_back("cannot be read");
  } else if (!relay.exists) {
    all.emplace_back("does not exist yet");
  } else {
    all.push_back(fmt::format("{} messages", relay.messages));
    if (relay.bytes) all.back() += fmt::format(", {:.1f} MiB", static_cast<double>(*relay.bytes) / (1 << 20));
  }
  if (!relay.writer.empty()) all.push_back("written by " + text::printable(relay.writer));
  if (relay.writer.empty() && relay.problem.empty()) all.emplace_back("nobody writes it");
  if (relay.written_to_s != 0) {
    all.back() +=
        fmt::format(", {} s behind MongoDB", std::max<std::int64_t>(0, relay.now_s - relay.written_to_s));
  }
  if (!relay.group.empty()) all.push_back("assigned by the consumer group " + text::printable(relay.group));
  return all;
}

}  // namespace

std::string relay_text(const RelayStatus& relay) {
  std::string text =
      fmt::format("  relay {}: {}\n", text::printable(relay.log), fmt::join(facts(relay), "; "));
  // What partitions have to read is not known.
  if (!relay.problem.empty()) return text + "    " + text::printable(relay.problem) + "\n";
  for (std::size_t i = 0; i < relay.partitions.size(); ++i) {
    const RelayStatus::Partition& one = relay.partitions[i];
    text += is_known(one) ? fmt::format("    partition {}: {} s behind the relay\n", i, unread_s(one))
                          : fmt::format("    partition {}: {}\n", i,
                                        one.newest_s == 0 ? "nothing in the relay" : "not read yet");
  }
  return text;
}

std::string relay_json(const RelayStatus& relay) {
  text::JsonWriter json;
  json.open_object().text("relay", relay.log).text("stream", relay.stream);
  if (!relay.group.empty()) json.text("group", relay.group);
  if (!relay.problem.empty()) json.text("problem", relay.problem);
  if (relay.problem.empty()) {
    json.boolean("exists", relay.exists).integer("messages", static_cast<std::int64_t>(relay.messages));
  }
  if (relay.bytes) json.integer("bytes", static_cast<std::int64_t>(*relay.bytes));
  if (!relay.writer.empty()) json.text("writer", relay.writer);
  if (relay.written_to_s != 0) {
    json.integer("behindSeconds", std::max<std::int64_t>(0, relay.now_s - relay.written_to_s));
  }
  json.open_array("partitions");
  for (std::size_t i = 0; i < relay.partitions.size(); ++i) {
    json.open_object().integer("index", static_cast<std::int64_t>(i));
    if (is_known(relay.partitions[i])) json.integer("behindSeconds", unread_s(relay.partitions[i]));
    json.close_object();
  }
  return json.close_array().close_object().json();
}

}  // namespace sluice::cli
