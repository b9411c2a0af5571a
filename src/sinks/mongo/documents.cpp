#include "sinks/mongo/documents.hpp"

#include <algorithm>

#include "sinks/mongo/query.hpp"

namespace sluice::sinks {

namespace {

constexpr std::size_t ids_in_one_find = 5000;
constexpr std::size_t bytes_in_one_find = 8u << 20;  // the server's limit for a command is 16 MiB

}  // namespace

Error too_much_copied(std::size_t most_bytes) {
  return {ErrorKind::too_slow, 0,
          "the copies of the batch need more than " + std::to_string(most_bytes) +
              " bytes at once, so it is split"};
}

template <typename Groups>
auto* Documents::group(Groups& groups, const std::string& database, const std::string& collection) {
  const auto found = std::ranges::find_if(groups, [&](const Wanted& wanted) {
    return *wanted.collection == collection && *wanted.database == database;
  });
  return found == groups.end() ? nullptr : &*found;
}

void Documents::want(const std::string& database, const std::string& collection, const bson::Value& id,
                     const std::vector<const std::string*>& fields) {
  Wanted* wanted = group(groups_, database, collection);
  if (wanted == nullptr) wanted = &groups_.emplace_back(Wanted{&database, &collection, {}, {}, {}, 0});
  for (const std::string* field : fields) {
    const bool known =
        std::ranges::any_of(wanted->fields, [&](const std::string* f) { return *f == *field; });
    if (!known) wanted->fields.push_back(field);
  }
  // An absent view means: requested, but not found or not read yet.
  const bool fresh = wanted->found.try_emplace(bson::Identity(id)).second;
  // A value that cannot be an _id is not queried: no document has it, and the server may refuse the query
  // ("cannot nest $ under $in").
  if (fresh && can_be_id(id)) wanted->ids.push_back(id);
}

bson::View Documents::find(const std::string& database, const std::string& collection,
                           const bson::Value& id) const {
  const Wanted* wanted = group(groups_, database, collection);
  if (wanted == nullptr) return {};
  const auto found = wanted->found.find(bson::Identity(id));
  return found == wanted->found.end() ? bson::View{} : found->second;
}

std::optional<Error> Documents::read(mongo::Transaction& transaction, int statement_ms,
                                     std::size_t most_bytes) {
  for (Wanted& wanted : groups_) {
    while (wanted.read < wanted.ids.size()) {
      if (auto error = read_group(transaction, {statement_ms, most_bytes}, wanted)) return error;
    }
  }
  return std::nullopt;
}

std::optional<Error> Documents::read_group(mongo::Transaction& transaction, Limits limits, Wanted& wanted) {
  bson::Builder find;
  find.append("find", *wanted.collection).open("filter").open("_id").open_array("$in");
  const std::size_t end = std::min(wanted.ids.size(), wanted.read + ids_in_one_find);
  do {
    find.append(find.item(), wanted.ids[wanted.read]);
  } while (++wanted.read < end && find.size() + wanted.ids[wanted.read].raw().size() <= bytes_in_one_find);
  find.close().close().close();
  append_projection(find, wanted.fields);
  find.append("batchSize", static_cast<std::int32_t>(ids_in_one_find))
      .append("maxTimeMS", limits.statement_ms);
  // Classified as a write: a query that the server refuses is the fault of the event that caused it.
  return read_reply(transaction, limits,
                    transaction.command(*wanted.database, find.finish(), mongo::Doing::writing), wanted);
}

std::optional<Error> Documents::read_reply(mongo::Transaction& transaction, Limits limits, mongo::Reply reply,
                                           Wanted& wanted) {
  const char* batch = "firstBatch";
  while (true) {
    if (!reply.ok()) return reply.error;
    bytes_ += reply.view().size();
    if (bytes_ > limits.most_bytes) return too_much_copied(limits.most_bytes);
    const bson::View cursor = replies_.emplace_back(std::move(reply)).view().at("cursor").document();
    const bson::View documents = cursor.at(batch).document();
    for (const auto& [index, value] : documents) {
      const bson::View document = value.document();
      wanted.found[bson::Identity(document.at("_id"))] = document;
    }
    const std::int64_t id = cursor.at("id").integer().value_or(0);
    if (id == 0) return std::nullopt;
    bson::Builder more;
    more.append("getMore", id).append("collection", *wanted.collection);
    reply = transaction.command(*wanted.database, more.finish(), mongo::Doing::writing);
    batch = "nextBatch";
  }
}

}  // namespace sluice::sinks
