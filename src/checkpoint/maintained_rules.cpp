#include "checkpoint/maintained_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/state_names.hpp"
#include "mongo/snapshot_cursor.hpp"
#include "source/resume_token.hpp"
#include "text/hex.hpp"

namespace sluice::checkpoint {

namespace {

/// Looks into collections as of one cluster time, or as of now if the server no longer has that time.
class Collections {
 public:
  Collections(mongo::ClientPool& pool, std::uint64_t at) : pool_(pool), at_(at) {}

  std::optional<Error> any(const std::string& database, std::string_view collection, bool& found) {
    auto error = look(database, std::string(collection), at_, found);
    const bool past_is_gone =
        error && (error->code == mongo::snapshot_too_old || error->code == mongo::snapshot_unavailable);
    return past_is_gone ? look(database, std::string(collection), 0, found) : error;
  }

 private:
  std::optional<Error> look(const std::string& database, const std::string& collection, std::uint64_t at,
                            bool& found) {
    mongo::SnapshotCursor cursor(pool_);
    bson::Builder find;
    find.append("find", collection).append("limit", 1).open("projection").append("_id", 1).close();
    if (auto error = cursor.open(database, collection, find, at)) return error;
    std::vector<bson::View> documents;
    auto error = cursor.next(documents);
    found = !documents.empty();
    return error;
  }

  mongo::ClientPool& pool_;
  std::uint64_t at_;
};

/// Whether the targets may be incomplete. Counters lack something if the sources hold documents; copies if
/// the sources and the targets do. After another rule, even targets without sources may be wrong.
std::optional<Error> may_lack(Collections& collections, const Projection& projection, bool after_another,
                              bool& lacks) {
  const auto* counted = std::get_if<Counted>(&projection);
  const std::string* database = nullptr;
  std::string_view source;
  std::string_view target;
  if (counted != nullptr) {
    database = &counted->plan->database;
    source = counted->source;
    target = counted->plan->collection;
  } else {
    const CopyPlan& plan = *std::get<Copied>(projection).plan;
    database = &plan.database;
    source = plan.source;
    target = plan.target;
  }
  bool sources = false;
  bool targets = false;
  if (auto error = collections.any(*database, source, sources)) return error;
  lacks = sources && counted != nullptr;
  if (lacks || (!sources && !after_another)) return std::nullopt;
  auto error = collections.any(*database, target, targets);
  lacks = targets;
  return error;
}

std::optional<Error> may_lack(Collections& collections, const Rule& rule, bool after_another, bool& lacks) {
  for (const Projection& projection : rule.projections()) {
    auto error = may_lack(collections, projection, after_another, lacks);
    if (error || lacks) return error;
  }
  return std::nullopt;
}

/// The cluster time at which the rules begin. What was done beyond the floor was processed by the earlier
/// rules, so the newest fact counts.
std::uint64_t begins_at(const Acquired& acquired, bool position_dropped) {
  std::string newest(acquired.floor->data());
  if (!position_dropped) {
    for (const auto& fact : acquired.facts) newest = std::max(newest, fact.newest());
  }
  bson::Builder token;
  token.append("_data", newest);
  return source::time_of_token(token.finish()).value_or(acquired.floor->cluster_time);
}

bool passes(const Error& error) {
  return error.kind == ErrorKind::transient || error.kind == ErrorKind::too_slow ||
         error.kind == ErrorKind::unavailable;
}

}  // namespace

std::string maintained_hash(const Rule& rule) {
  return text::hex(bson::stable_hash(rule.fingerprint(), 0));
}

std::vector<MaintainedId> maintained_of(const requirements::Rules& rules) {
  std::vector<MaintainedId> maintained;
  for (const auto& rule : rules) {
    if (!rule->projections().empty()) maintained.push_back({rule->name(), maintained_hash(*rule)});
  }
  return maintained;
}

RuleKnown how_known(const MaintainedId& rule, const RuleHistory& history) {
  if (history.position_dropped) return RuleKnown::after_another;
  if (!history.remembered) return history.same_rules ? RuleKnown::assumed : RuleKnown::no;
  bool other = false;
  for (const MaintainedRule& known : *history.remembered) {
    if (known.hash == rule.hash) return RuleKnown::yes;
    other |= known.rule == rule.name;
  }
  return other ? RuleKnown::after_another : RuleKnown::no;
}

std::optional<Error> check_filled(const FillCheck& check, Acquired& acquired) {
  const RuleHistory history{acquired.maintained, acquired.same_rules, check.position_dropped};
  const std::uint64_t at = begins_at(acquired, check.position_dropped);
  Collections collections(check.pool, at);
  std::vector<MaintainedRule> news;
  std::vector<MaintainedRule> known;
  std::vector<std::string> hashes;
  for (const auto& rule : check.rules) {
    if (rule->projections().empty()) continue;
    const MaintainedId id{rule->name(), maintained_hash(*rule)};
    hashes.push_back(id.hash);
    const RuleKnown how = how_known(id, history);
    if (how == RuleKnown::yes) {
      known.push_back(*std::ranges::find(*acquired.maintained, id.hash, &MaintainedRule::hash));
      continue;
    }
    bool lacks = false;
    if (how != RuleKnown::assumed) {
      const auto error = may_lack(collections, *rule, how == RuleKnown::after_another, lacks);
      if (error && passes(*error)) return error;
      if (error) {
        observe::LogFields fields = observe::LogFields::of(*error);
        fields.rule = id.name;
        check.log.warn(fields,
                       "cannot look up whether rule {} begins on a collection that has documents already: "
                       "{}; if it does, "
                       "its targets lack them until sluice verify --repair has run",
                       id.name, error->text());
        continue;
      }
    }
    news.push_back({id.name, id.hash, !lacks, at});
  }
  const bool stale = acquired.maintained && acquired.maintained->size() != known.size();
  if (!news.empty() || stale) {
    if (auto error = check.store.note_maintained(news, hashes, check.position_dropped)) return error;
  }
  known.insert(known.end(), news.begin(), news.end());
  acquired.maintained = std::move(known);
  return std::nullopt;
}

std::optional<Error> read_maintained(mongo::ClientPool& pool, const std::string& state_database,
                                     const std::string& stream_id,
                                     std::optional<std::vector<MaintainedRule>>& known) {
  known.reset();
  bson::Builder find;
  find.append("find", state::layouts).open("filter").append("_id", stream_id).close();
  find.open("projection").append("maintained", 1).close();
  const auto client = pool.acquire();
  const mongo::Reply reply =
      mongo::run_command(client.get(), state_database, find.finish(), mongo::Doing::reading);
  if (!reply.ok()) return reply.error;
  const bson::View found = reply.view().at_path("cursor.firstBatch").document();
  if (const bson::View layout = found.at("0").document()) known = read_maintained(layout);
  return std::nullopt;
}

std::optional<Error> note_repaired(mongo::ClientPool& pool, const std::string& state_database,
                                   const std::string& stream_id, const MaintainedRule& rule) {
  bson::Builder command;
  command.append("update", state::layouts).open_array("updates").open(command.item());
  command.open("q").append("_id", stream_id).append("maintained.hash", rule.hash).close();
  command.open("u").open("$set").append("maintained.$.filled", true).close().close().close();
  command.open(command.item()).open("q").append("_id", stream_id).open("maintained");
  command.append("$exists", true).close().open("maintained.hash").append("$ne", rule.hash).close().close();
  command.open("u").open("$push").open("maintained");
  rule.append_to(command);
  command.close().close().close().close().close();
  command.open("writeConcern").append("w", "majority").close();
  const auto client = pool.acquire();
  return mongo::run_command(client.get(), state_database, command.finish(), mongo::Doing::storing).error;
}

std::vector<std::string> not_backfilled(const std::vector<MaintainedId>& rules,
                                        const std::optional<std::vector<MaintainedRule>>& known) {
  std::vector<std::string> names;
  if (!known) return names;
  for (const MaintainedId& rule : rules) {
    const auto found = std::ranges::find(*known, rule.hash, &MaintainedRule::hash);
    if (found != known->end() && !found->filled) names.push_back(rule.name);
  }
  return names;
}

std::string not_backfilled_text(const std::vector<std::string>& rules, std::string_view place_arguments) {
  const bool one = rules.size() == 1;
  return fmt::format(
      "{} {} {} not backfilled: {} targets lack what {} source collections held when {} began. "
      "To repair this while workers run: sluice verify {} --repair{}",
      one ? "rule" : "rules", fmt::join(rules, ", "), one ? "is" : "are", one ? "its" : "their",
      one ? "its" : "their", one ? "it" : "they", place_arguments, one ? " --rule " + rules.front() : "");
}

}  // namespace sluice::checkpoint
