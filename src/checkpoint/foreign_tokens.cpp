#include "checkpoint/foreign_tokens.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "bson/raii.hpp"
#include "flow/told_elsewhere.hpp"
#include "sluice/bson_builder.hpp"
#include "source/resume_token.hpp"

namespace sluice::checkpoint {

namespace {

/// Reads the newest token's _data; "" if the collection is empty or missing.
std::optional<Error> find_newest(mongo::ClientPool& pool, const TokenCollection& from, std::string& data) {
  const auto client = pool.acquire();
  bson::Builder find;
  find.append("find", from.collection).open("sort").append(from.capped ? "$natural" : "_id", -1).close();
  find.append("limit", 1).append("singleBatch", true);
  const mongo::Reply reply =
      mongo::run_command(client.get(), from.database, find.finish(), mongo::Doing::reading);
  if (!reply.ok()) {
    Error error = *reply.error;
    error.message =
        fmt::format("the resume tokens in {}.{}: {}", from.database, from.collection, error.message);
    return error;
  }
  const bson::View newest = reply.view().at_path("cursor.firstBatch").document().at("0").document();
  data = newest.at("value").text();
  if (!newest || !data.empty()) return std::nullopt;
  return Error{ErrorKind::lost, 0,
               fmt::format("the newest document in {}.{} has no resume token in 'value'", from.database,
                           from.collection)};
}

std::optional<Position> position_of(const std::string& data) {
  bson::Builder token;
  const bson::View view = token.append("_data", data).finish();
  const auto time = source::time_of_token(view);
  if (!time) return std::nullopt;
  return Position::of(view, *time, true);
}

std::string time_text(std::uint64_t cluster_time) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}Z", fmt::gmtime(static_cast<std::time_t>(cluster_time >> 32)));
}

/// Like find_newest(), and checks that it is a resume token.
std::optional<Error> read_token(mongo::ClientPool& pool, const TokenCollection& from, std::string& data) {
  if (auto error = find_newest(pool, from, data)) return error;
  if (data.empty() || position_of(data)) return std::nullopt;
  return Error{
      ErrorKind::lost, 0,
      fmt::format("'{}' in {}.{} is not a resume token", data.substr(0, 40), from.database, from.collection)};
}

std::string beginning_text(const TokenCollection& from, const Position& at,
                           const std::vector<std::string>& tokens, bool newer) {
  const auto found = std::ranges::count_if(tokens, [](const auto& token) { return !token.empty(); });
  std::string why;
  if (newer) {
    why = ", which is newer than the stored position";
  } else if (found > 1) {
    why = fmt::format(" (the oldest of {})", found);
  }
  return fmt::format("starting after the resume token of {} in {}.{}{}", time_text(at.cluster_time),
                     from.database, from.collection, why);
}

/// For each rule, the index of the collection that holds the tokens of its changes.
std::vector<std::optional<std::size_t>> places_of(const std::vector<std::unique_ptr<Rule>>& rules,
                                                  const std::vector<TokenCollection>& collections) {
  std::vector<std::optional<std::size_t>> places(rules.size());
  for (std::size_t rule = 0; rule < rules.size(); ++rule) {
    for (const DeliveryPlan* plan : rules[rule]->deliveries()) {
      if (plan->sink() != PublishPlan::sink_name) continue;
      const auto& into = static_cast<const PublishPlan*>(plan)->tokens;
      const auto same = [&](const TokenCollection& from) {
        return from.database == into->database && from.collection == into->collection;
      };
      const auto at = into ? std::ranges::find_if(collections, same) : collections.end();
      if (at != collections.end()) places[rule] = static_cast<std::size_t>(at - collections.begin());
    }
  }
  return places;
}

constexpr std::int32_t namespace_exists = 48;

/// Called before each token, since a database that is dropped loses its collections.
std::optional<Error> make_capped(mongoc_client_t* client, const TokenPlace& into) {
  bson::Builder create;
  create.append("create", into.collection).append("capped", true).append("size", into.size_bytes);
  mongo::Reply reply = mongo::run_command(client, into.database, create.finish(), mongo::Doing::storing);
  return reply.ok() || reply.error->code == namespace_exists ? std::nullopt : reply.error;
}

std::optional<Error> write(mongoc_client_t* client, const TokenPlace& into, bson::View command) {
  mongo::Reply reply = mongo::run_command(client, into.database, command, mongo::Doing::storing);
  if (reply.ok()) return std::nullopt;
  Error error = *reply.error;
  error.message = fmt::format("the resume tokens for the other connector cannot be stored in {}.{}: {}",
                              into.database, into.collection, error.message);
  return error;
}

std::optional<Error> append_token(mongoc_client_t* client, const TokenPlace& into, const std::string& data) {
  if (auto error = make_capped(client, into)) return error;
  bson::Builder insert;
  insert.append("insert", into.collection).open_array("documents").open(insert.item());
  insert.append("value", data).close().close();
  return write(client, into, insert.finish());
}

std::optional<Error> replace_token(mongoc_client_t* client, const TokenPlace& into, const bson_oid_t& id,
                                   const std::string& data) {
  bson::Builder update;
  update.append("update", into.collection).open_array("updates").open(update.item());
  bson::Document ours;
  bson_append_oid(ours.get(), "_id", -1, &id);
  update.append("q", bson::View(*ours.get()));
  update.open("u").open("$set").append("value", data).close().close().append("upsert", true);
  update.close().close();
  return write(client, into, update.finish());
}

}  // namespace

ForeignTokens::ForeignTokens(const std::vector<std::unique_ptr<Rule>>& rules) {
  for (const auto& rule : rules) {
    for (const DeliveryPlan* plan : rule->deliveries()) {
      if (plan->sink() != PublishPlan::sink_name) continue;
      const auto& place = static_cast<const PublishPlan*>(plan)->tokens;
      if (!place) continue;
      const auto slot = static_cast<std::size_t>(std::ranges::find(places_, *place) - places_.begin());
      if (slot == places_.size()) {
        places_.push_back(*place);
        watched_.emplace_back();
        bson_oid_init(&ids_.emplace_back(), nullptr);
      }
      for (const Subscription& one : rule->subscriptions()) watched_[slot].push_back(one.collection);
    }
  }
}

std::optional<Error> ForeignTokens::store(mongo::ClientPool& pool,
                                          const std::vector<flow::TokenTrail::Token>& tokens) {
  const auto client = pool.acquire();
  for (const auto& token : tokens) {
    const TokenPlace& into = places_.at(token.slot);
    auto error = into.capped ? append_token(client.get(), into, token.data)
                             : replace_token(client.get(), into, ids_.at(token.slot), token.data);
    if (error) return error;
  }
  return std::nullopt;
}

std::optional<Error> find_foreign_progress(mongo::ClientPool& pool,
                                           const std::vector<TokenCollection>& collections,
                                           const std::vector<std::unique_ptr<Rule>>& rules,
                                           const std::optional<Position>& own, const observe::StreamLog& log,
                                           ForeignProgress& found) {
  found = {};
  std::vector<std::string> tokens;
  for (const TokenCollection& from : collections) {
    auto error = read_token(pool, from, tokens.emplace_back());
    if (!error) continue;
    if (error->kind != ErrorKind::lost || !own) return error;
    log.warn("{}; the stream continues from its own position", error->message);
    tokens.back().clear();
  }
  const flow::Beginning beginning =
      flow::begin_behind(own ? own->data() : std::string_view(), tokens, places_of(rules, collections));
  if (beginning.place) {
    found.begin = position_of(tokens[*beginning.place]);
    log.info("{}", beginning_text(collections[*beginning.place], *found.begin, tokens, own.has_value()));
  }
  for (std::size_t rule = 0; rule < rules.size(); ++rule) {
    const auto up_to = position_of(beginning.told[rule]);
    if (!up_to) continue;
    log.info("rule {} skips what the other program has published up to {}", rules[rule]->name(),
             time_text(up_to->cluster_time));
  }
  found.told = beginning.told;
  return std::nullopt;
}

std::optional<Error> find_foreign_position(mongo::ClientPool& pool,
                                           const std::vector<TokenCollection>& collections,
                                           std::optional<Position>& found,
                                           const std::function<void(const std::string&)>& say) {
  found.reset();
  std::vector<std::string> tokens;
  for (const TokenCollection& from : collections) {
    if (auto error = read_token(pool, from, tokens.emplace_back())) return error;
  }
  const flow::Beginning beginning = flow::begin_behind("", tokens, {});
  if (!beginning.place) return std::nullopt;
  found = position_of(tokens[*beginning.place]);
  say(beginning_text(collections[*beginning.place], *found, tokens, false));
  return std::nullopt;
}

}  // namespace sluice::checkpoint
