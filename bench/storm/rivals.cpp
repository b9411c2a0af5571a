#include "rivals.hpp"

#include <algorithm>
#include <chrono>

namespace storm {
namespace {

const char* name(Fan fan) {
  return fan == Fan::by_author ? "updateMany by authorId" : "updateOne by _id";
}

Ceiling time_writes(const Client& client, const std::string& database, const Workload& workload,
                    std::size_t batch, Commit commit, Fan fan) {
  Ceiling out;
  out.commit = commit;
  out.label = std::string(name(commit)) + " of " + std::to_string(batch) +
              (workload.fans() ? std::string(", ") + name(fan) : "");
  Writer writer(client, database, commit);
  const auto start = std::chrono::steady_clock::now();
  workload.perfect(writer, batch, fan);
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  out.events_per_second = static_cast<double>(workload.events()) / out.seconds;
  out.documents_per_second = static_cast<double>(workload.documents()) / out.seconds;
  return out;
}

}  // namespace

void store_token(const Collection& positions, const bson_t* token, const bson_t* session) {
  Bson options = json(R"({"upsert":true})");
  if (session != nullptr) bson_concat(options.get(), session);
  Bson change;
  bson_t set;
  BSON_APPEND_DOCUMENT_BEGIN(change.get(), "$set", &set);
  BSON_APPEND_DOCUMENT(&set, "token", token);
  bson_append_document_end(change.get(), &set);
  bson_error_t error;
  if (!mongoc_collection_update_one(positions.get(), json(R"({"_id":"token"})").get(), change.get(),
                                    options.get(), nullptr, &error))
    throw MongoError("position", error);
}

std::vector<Ceiling> ceilings(const Client& client, const std::string& database, Workload& workload,
                              std::size_t batch, std::uint32_t round) {
  std::vector<Ceiling> out;
  for (const Fan fan : {Fan::by_author, Fan::by_document}) {
    if (fan == Fan::by_document && !workload.fans()) break;
    for (const Commit commit : {Commit::plain, Commit::transaction}) {
      workload.plan(round++);
      out.push_back(time_writes(client, database, workload, batch, commit, fan));
    }
  }
  return out;
}

OneAtATime one_at_a_time(const Client& client, const std::string& source, const std::string& target,
                         const Workload& workload, const StreamShape& shape, Moment from,
                         std::int64_t events) {
  const Collection positions = collection(client, target, "position");
  const Act act = [&](const Event& event) {
    workload.apply(client, target, event.document);
    store_token(positions, event.token);
  };
  OneAtATime out;
  out.events = std::min(events, workload.events());
  constexpr int kServersChoice = 0;
  out.seconds = drain(client, source, shape, kServersChoice, from, out.events, act).seconds;
  return out;
}

}  // namespace storm
