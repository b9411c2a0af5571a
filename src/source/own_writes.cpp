#include "source/own_writes.hpp"

#include <algorithm>
#include <utility>

#include "config/state_names.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::source {

namespace {

constexpr std::size_t most_asked_at_once = 1000;

/// Nothing if the event does not belong to a transaction.
std::optional<bson::Uuid> session_of(bson::View event) {
  const bson::View lsid = event.at("lsid").document();
  return lsid ? bson::uuid_of(lsid.at("id")) : std::nullopt;
}

}  // namespace

std::optional<bool> KnownSessions::find(const bson::Uuid& session) {
  if (const auto found = recent_.find(session); found != recent_.end()) return found->second;
  const auto found = older_.find(session);
  if (found == older_.end()) return std::nullopt;
  const bool ours = found->second;
  older_.erase(found);
  put(session, ours);
  return ours;
}

void KnownSessions::put(const bson::Uuid& session, bool ours) {
  if (recent_.size() >= limit_) older_ = std::exchange(recent_, {});
  recent_[session] = ours;
}

std::vector<bson::Uuid> OwnWrites::look_up(const source::StreamBatch& batch, Sessions& sessions) {
  std::vector<bson::Uuid> unknown;
  std::optional<bson::Uuid> last;
  for (const bson::View event : batch.events) {
    const auto session = session_of(event);
    if (!session || session == last) continue;
    last = session;
    if (sessions.contains(*session)) continue;
    const auto ours = known_.find(*session);
    sessions[*session] = ours.value_or(false);
    if (!ours) unknown.push_back(*session);
  }
  return unknown;
}

/// Reads at or after the cluster time of the batch's last event, so it finds every session that was recorded
/// before.
std::optional<Error> OwnWrites::ask(source::EventStream& stream, std::span<const bson::Uuid> unknown,
                                    std::uint64_t at, Sessions& sessions) {
  bson::Builder find;
  find.append("find", state::sessions).open("filter").open("_id").open_array("$in");
  for (const bson::Uuid& one : unknown) find.append(find.item(), bson::UuidValue(one).value());
  find.close().close().append("pipeline", pipeline_).close();
  find.open("projection").append("_id", 1).close();
  find.append("batchSize", static_cast<std::int32_t>(unknown.size())).append("singleBatch", true);
  find.open("readConcern").append("level", "majority").append_timestamp("afterClusterTime", at).close();
  mongo::Reply reply = stream.ask(state_database_, find.finish());
  if (!reply.ok()) {
    reply.error->message = "the pipeline's sessions in " + state_database_ + "." + state::sessions +
                           " cannot be read: " + reply.error->message;
    return reply.error;
  }
  const bson::View found = reply.view().at_path("cursor.firstBatch").document();
  for (const auto& [index, value] : found) {
    if (const auto one = bson::uuid_of(value.document().at("_id"))) sessions[*one] = true;
  }
  for (const bson::Uuid& one : unknown) known_.put(one, sessions[one]);
  return std::nullopt;
}

std::optional<Error> OwnWrites::mark(source::EventStream& stream, source::StreamBatch& batch) {
  Sessions sessions;  // all sessions of the batch: known_ may keep fewer
  const std::vector<bson::Uuid> unknown = look_up(batch, sessions);
  if (sessions.empty()) return std::nullopt;
  const std::uint64_t at = batch.events.back().at("clusterTime").timestamp();
  for (std::size_t from = 0; from < unknown.size(); from += most_asked_at_once) {
    const std::size_t count = std::min(most_asked_at_once, unknown.size() - from);
    if (auto error = ask(stream, std::span(unknown).subspan(from, count), at, sessions)) return error;
  }
  batch.own.resize(batch.events.size());
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    const auto session = session_of(batch.events[i]);
    batch.own[i] = session && sessions.at(*session);
  }
  return std::nullopt;
}

}  // namespace sluice::source
