#include "cli/views/cluster_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "checkpoint/maintained_rules.hpp"
#include "cli/views/moment.hpp"
#include "text/display_width.hpp"
#include "text/json_writer.hpp"
#include "text/printable.hpp"

namespace sluice::cli {

namespace {

using checkpoint::ClusterRecord;
using checkpoint::MemberRecord;
using checkpoint::PartitionRecord;

constexpr const char* nothing = "-";

/// Formats rows as a table. Each column is as wide as its widest cell.
template <std::size_t Columns>
std::string table(const std::vector<std::array<std::string, Columns>>& rows) {
  std::array<std::size_t, Columns> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < Columns; ++i) widths[i] = std::max(widths[i], text::display_width(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < Columns; ++i) {
      line += "  " + row[i] + std::string(widths[i] - text::display_width(row[i]), ' ');
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string seconds_text(std::int64_t ms) {
  return fmt::format("{}.{} s", ms / 1000, ms % 1000 / 100);
}

std::string moment_or_nothing(std::int64_t ms) {
  return ms == 0 ? nothing : moment_text(ms);
}

/// How long ago a time of the server was. At least 0, since the server's clock and its cluster time differ.
std::int64_t age_ms(const ClusterRecord& record, std::int64_t ms) {
  return std::max<std::int64_t>(0, record.now_ms - ms);
}

std::int64_t behind_s(const ClusterRecord& record, const PartitionRecord& partition) {
  return age_ms(record, partition.position_s * 1000) / 1000;
}

/// One entry for each part of the layout, including parts that no worker has run yet.
std::vector<PartitionRecord> all_partitions(const ClusterRecord& record) {
  std::vector<PartitionRecord> partitions;
  for (int i = 0; i < record.layout; ++i) {
    PartitionRecord partition;
    partition.count = record.layout;
    partition.index = i;
    for (const auto& known : record.shards) {
      if (known.index == i) partition = known;
    }
    partitions.push_back(std::move(partition));
  }
  return partitions;
}

std::int64_t held_by(const ClusterRecord& record, const MemberRecord& member) {
  return std::ranges::count_if(record.shards, [&](const PartitionRecord& partition) {
    return partition.held && partition.holder.instance == member.instance;
  });
}

/// Why a member waits: a partition is held under another number of partitions or other rules. Empty if it
/// does not wait.
std::string waits_for(const ClusterRecord& record, const MemberRecord& member) {
  const auto held = std::ranges::find_if(record.shards, [&](const PartitionRecord& partition) {
    return partition.held && partition.holder.instance != member.instance &&
           (record.layout != member.partitions || partition.options_hash != member.options_hash);
  });
  if (!member.live || held == record.shards.end()) return {};
  return checkpoint::wait_text(*held, record.layout, member.partitions);
}

std::int64_t live_members(const ClusterRecord& record) {
  return std::ranges::count_if(record.members, &MemberRecord::live);
}

/// The member through which this one reads the change stream, or its address if it is no member any more.
std::string reader_for(const ClusterRecord& record, const MemberRecord& follower) {
  const auto reader = std::ranges::find_if(record.members, [&](const MemberRecord& member) {
    return member.live && member.peer && member.peer->address() == follower.follows;
  });
  return reader == record.members.end() ? follower.follows : reader->holder.text();
}

std::string members_table(const ClusterRecord& record) {
  std::vector<std::array<std::string, 6>> rows = {{"MEMBER", "HOST", "HTTP", "SINCE", "LAST SEEN", "HOLDS"}};
  for (const MemberRecord& member : record.members) {
    rows.push_back({text::printable(member.instance), text::printable(member.holder.text()),
                    member.http_port == 0 ? nothing : std::to_string(member.http_port),
                    moment_or_nothing(member.since_ms),
                    seconds_text(age_ms(record, member.beat_at_ms)) + " ago" + (member.live ? "" : ", gone"),
                    std::to_string(held_by(record, member))});
  }
  std::string text = table(rows);
  for (const MemberRecord& member : record.members) {
    if (!member.live || member.outlets_down.empty()) continue;
    text += fmt::format("  {} is degraded, down: {}\n", text::printable(member.holder.text()),
                        text::printable(fmt::format("{}", fmt::join(member.outlets_down, ", "))));
  }
  for (const MemberRecord& member : record.members) {
    if (!member.live || member.follows.empty()) continue;
    text += fmt::format("  {} reads the change stream through {}\n", text::printable(member.holder.text()),
                        text::printable(reader_for(record, member)));
  }
  for (const MemberRecord& member : record.members) {
    const std::string why = waits_for(record, member);
    if (!why.empty()) text += "  " + text::printable(member.holder.text() + " waits: " + why) + "\n";
  }
  return text;
}

std::string partitions_table(const ClusterRecord& record) {
  std::vector<std::array<std::string, 6>> rows = {
      {"PARTITION", "HOLDER", "EPOCH", "SINCE", "BEHIND", "LEASE LEFT"}};
  for (const PartitionRecord& partition : all_partitions(record)) {
    const bool held = partition.held;
    rows.push_back({fmt::format("{} of {}", partition.index, partition.count),
                    held ? text::printable(partition.holder.text()) : "nobody",
                    std::to_string(partition.epoch), held ? moment_or_nothing(partition.since_ms) : nothing,
                    partition.position_s == 0 ? nothing : fmt::format("{} s", behind_s(record, partition)),
                    held ? seconds_text(partition.expires_at_ms - record.now_ms) : nothing});
  }
  return table(rows);
}

void append_member(text::JsonWriter& json, const ClusterRecord& record, const MemberRecord& member) {
  json.open_object().text("instance", member.instance).text("host", member.holder.host);
  json.integer("pid", member.holder.pid).integer("httpPort", member.http_port);
  json.integer("partitions", member.partitions).boolean("live", member.live);
  json.text("since", moment_text(member.since_ms));
  json.integer("lastSeenMs", age_ms(record, member.beat_at_ms));
  if (const std::string why = waits_for(record, member); !why.empty()) json.text("waitsFor", why);
  if (member.peer) json.text("feedAddress", member.peer->address());
  if (member.live && !member.follows.empty()) json.text("readsThrough", member.follows);
  json.integer("holds", held_by(record, member)).open_array("outletsDown");
  for (const std::string& outlet : member.outlets_down) json.text({}, outlet);
  json.close_array().close_object();
}

void append_partition(text::JsonWriter& json, const ClusterRecord& record, const PartitionRecord& partition) {
  json.open_object().integer("index", partition.index).integer("epoch", partition.epoch);
  json.boolean("held", partition.held);
  if (partition.held) {
    json.open_object("holder").text("instance", partition.holder.instance);
    json.text("host", partition.holder.host).integer("pid", partition.holder.pid).close_object();
    json.text("since", moment_text(partition.since_ms));
    json.integer("leaseLeftMs", partition.expires_at_ms - record.now_ms);
  }
  if (partition.position_s != 0) json.integer("behindSeconds", behind_s(record, partition));
  json.close_object();
}

}  // namespace

std::string cluster_text(const std::string& stream, const ClusterRecord& record,
                         const std::string& place_arguments) {
  if (record.layout == 0 && record.members.empty()) return stream + ": has never run here\n";
  std::string text =
      fmt::format("{}: {} partition{}, {} live member{}\n", stream, record.layout,
                  record.layout == 1 ? "" : "s", live_members(record), live_members(record) == 1 ? "" : "s");
  if (!record.members.empty()) text += members_table(record);
  if (record.layout != 0) text += partitions_table(record);
  if (!record.not_backfilled.empty()) {
    text += "  " + text::printable(checkpoint::not_backfilled_text(record.not_backfilled, place_arguments)) +
            "\n";
  }
  return text;
}

std::string cluster_json(const std::string& stream, const ClusterRecord& record) {
  text::JsonWriter json;
  json.open_object().text("stream", stream).integer("count", record.layout).open_array("members");
  for (const MemberRecord& member : record.members) append_member(json, record, member);
  json.close_array().open_array("partitions");
  for (const PartitionRecord& partition : all_partitions(record)) append_partition(json, record, partition);
  json.close_array();
  if (!record.not_backfilled.empty()) {
    json.open_array("notBackfilled");
    for (const std::string& rule : record.not_backfilled) json.text({}, rule);
    json.close_array();
  }
  return json.close_object().json();
}

}  // namespace sluice::cli
