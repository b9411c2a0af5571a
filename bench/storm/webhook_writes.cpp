#include <cstdio>
#include <stdexcept>

#include "data.hpp"
#include "update_many.hpp"
#include "webhook_parts.hpp"

namespace storm {
namespace {

constexpr std::uint32_t kNoSuchCollection = 26;
const std::string kTarget = "notes";
const std::string kRival = "rival";

struct Written {
  std::string name;
  std::string yaml;
  std::string document;  ///< the target's field with the _id of the changed document
};

const std::vector<Written>& rules() {
  static const std::vector<Written> all = {
      {"write",
       "write: { from: users, operations: [update], into: notes,\n"
       "             values: { user: NEW._id, name: NEW.username, seen: NEW.seen } }",
       "user"},
      {"event_store", "event_store: { from: users, operations: [update], into: notes }", "aggregateId"}};
  return all;
}

class Writes {
 public:
  Writes(const Options& options, Follower& follower)
      : options_(options), follower_(follower), client_(follower.client()) {}

  Reaction measure(const Written& rule) {
    follower_.load({.rules = "  - name: out\n    " + rule.yaml + "\n",
                    .pipeline = "writes-" + rule.name,
                    .documents = options_.events,
                    .images = true});
    Reaction reaction{.name = rule.name, .documents = options_.events, .rounds = {}};
    // An unmeasured worker writes the documents that the bare client will insert.
    write(rule);
    const std::vector<Bson> documents = all_of_target();
    for (const Bson& one : documents)
      reaction.client_bytes += static_cast<double>(one.get()->len) / options_.events;
    for (std::uint32_t round = 0; round < options_.rounds; ++round) {
      reaction.rounds.push_back(measure_round(rule, documents));
      tell(reaction);
    }
    return reaction;
  }

 private:
  const Options& options_;
  Follower& follower_;
  const Client& client_;

  ReactionRound measure_round(const Written& rule, const std::vector<Bson>& documents) {
    ReactionRound round;
    round.cursor = follower_.read_live();
    round.client = options_.events / insert(documents);
    round.ours = write(rule);
    return round;
  }

  Followed write(const Written& rule) {
    forget(kTarget);
    forget(kTarget + ".heads");
    Followed followed = follower_.follow([&] { return count_of_target() >= options_.events; });
    expect_right(rule);
    return followed;
  }

  /// Inserts prepared documents as the bare client. Returns the seconds.
  double insert(const std::vector<Bson>& documents) const {
    drop(client_, kRival);
    command(client_, kRival, R"({"create":"notes"})");
    const Collection target = collection(client_, kRival, kTarget);
    const Bson majority = json(R"({"ordered":false,"writeConcern":{"w":"majority"}})");
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t begin = 0; begin < documents.size(); begin += options_.write_batch) {
      const Bulk bulk(mongoc_collection_create_bulk_operation_with_opts(target.get(), majority.get()));
      const std::size_t end = std::min(documents.size(), begin + options_.write_batch);
      for (std::size_t i = begin; i < end; ++i) mongoc_bulk_operation_insert(bulk.get(), documents[i].get());
      execute(bulk);
    }
    return since(start);
  }

  void forget(const std::string& name) const {
    try {
      command(client_, Follower::database(), R"({"drop":")" + name + R"("})");
    } catch (const MongoError& error) {
      if (error.code != kNoSuchCollection) throw;
    }
  }

  std::int64_t count_of_target() const {
    const Bson reply = command(client_, Follower::database(), R"({"count":"notes"})");
    return integer_at(reply.get(), "n");
  }

  /// Throws unless the rule wrote exactly one document for each changed one.
  void expect_right(const Written& rule) const {
    const Bson reply = command(client_, Follower::database(),
                               R"({"aggregate":"notes","cursor":{},"pipeline":[{"$group":{"_id":"$)" +
                                   rule.document + R"("}},{"$count":"n"}]})");
    const std::int64_t different = integer_at(reply.get(), "cursor.firstBatch.0.n");
    if (count_of_target() != options_.events || different != options_.events)
      throw std::runtime_error(rule.name + " wrote " + std::to_string(count_of_target()) + " documents of " +
                               std::to_string(different));
  }

  std::vector<Bson> all_of_target() const {
    std::vector<Bson> documents;
    const Collection target = collection(client_, Follower::database(), kTarget);
    const Bson everything;
    const Cursor cursor(mongoc_collection_find_with_opts(target.get(), everything.get(), nullptr, nullptr));
    for (const bson_t* document = nullptr; mongoc_cursor_next(cursor.get(), &document);)
      documents.emplace_back(bson_copy(document));
    if (documents.size() != options_.events) throw std::runtime_error("the target could not be read whole");
    return documents;
  }
};

}  // namespace

std::vector<Reaction> measure_writes(const Options& options, Follower& follower) {
  std::vector<Reaction> all;
  for (const Written& rule : rules()) all.push_back(Writes(options, follower).measure(rule));
  return all;
}

}  // namespace storm
