#include "source/stream_wants.hpp"

#include <algorithm>

#include "source/expression.hpp"
#include "source/field_path.hpp"

namespace sluice::source {

namespace {

/// Whether the worker sees every name in an update that touches the field: it is neither redacted nor outside
/// the projection.
bool seen(const Subscription& subscription, const std::string& field) {
  const std::string path = without_brackets(field);
  const bool hidden = std::ranges::any_of(subscription.redacted, [&](const std::string& other) {
    return within(path, other) || within(other, path);
  });
  const bool sent =
      subscription.projected.empty() ||
      std::ranges::any_of(subscription.projected, [&](const auto& other) { return within(path, other); });
  return sent && !hidden;
}

Expression happening(std::vector<Subscription> subscriptions) {
  return Expression([subscriptions = std::move(subscriptions)](bson::Builder& out, std::string_view key) {
    append_happening(out, key, subscriptions);
  });
}

/// Conditions under which a required image is missing. Such an event passes without its expression, since it
/// has to become a dead letter.
Items missing_images(const Subscription& subscription) {
  Items missing;
  if (subscription.before == BeforeImage::required) {
    missing.push_back(
        call("$and", Items{call("$in", Items{"$operationType", texts({"update", "replace", "delete"})}),
                           call("$ne", Items{call("$type", "$fullDocumentBeforeChange"), "object"})}));
  }
  if (subscription.full_document == FullDocument::required) {
    missing.push_back(call("$and", Items{call("$eq", Items{"$operationType", "update"}),
                                         call("$ne", Items{call("$type", "$fullDocument"), "object"})}));
  }
  return missing;
}

Expression is_for(const Subscription& subscription, bool without_expression) {
  Items all;
  if (!subscription.set) all.push_back(call("$eq", Items{"$ns.coll", literal(subscription.collection)}));
  all.push_back(is_document_change());
  all.push_back(happening({subscription}));
  if (!subscription.where.empty() && !without_expression) {
    const bson::View where(subscription.where.data(), subscription.where.size());
    Items any = missing_images(subscription);
    any.emplace_back(where.at("where"));
    all.push_back(call("$or", std::move(any)));
  }
  return call("$and", std::move(all));
}

Expression numbers_of_those_it_is_for(const StreamFilter& filter) {
  const std::vector<Subscription>& judged = filter.judged;
  Items lists;
  for (std::size_t i = 0; i < judged.size(); ++i) {
    const auto number = static_cast<std::int32_t>(i);
    const bool open = filter.judging == flow::Judging::skip && has_expression(judged[i]);
    const Expression name(open ? static_cast<std::int32_t>(unjudged(number)) : number);
    lists.push_back(if_else(is_for(judged[i], open), array({name}), array({})));
  }
  return call("$concatArrays", std::move(lists));
}

/// Whether an event lies after the one that the stream was resumed at. Of a long token (that of a large _id)
/// only the start is compared: it contains the cluster time and the place within it. Tokens are hexadecimal
/// digits, and Z sorts after all of them, so an event with the same start does not count as new.
Expression is_new(std::string_view resumed_at) {
  constexpr std::size_t most = 1024;
  std::string place(resumed_at.substr(0, most));
  if (resumed_at.size() > most) place += 'Z';
  return call("$gt", Items{"$_id._data", literal(place)});
}

/// Whether some subscription may want an event. An event that is not a change of a document concerns every
/// rule; an event for a plain subscription passes by its operation and fields; the event that the stream is
/// resumed at always passes.
Expression is_for_somebody(const StreamFilter& filter, std::string_view resumed_at) {
  Items any{call("$ne", Items{"$sluiceWants", array({})}), call("$not", Items{is_document_change()})};
  const bool sets = std::ranges::any_of(filter.plain, [](const auto& one) { return one.set != nullptr; });
  if (sets) {
    any.push_back(happening(filter.plain));
  } else if (!filter.plain.empty()) {
    std::vector<std::string> collections;
    for (const Subscription& one : filter.plain) collections.push_back(one.collection);
    any.push_back(call(
        "$and", Items{call("$in", Items{"$ns.coll", literal(texts(collections))}), happening(filter.plain)}));
  }
  if (!resumed_at.empty()) any.push_back(call("$not", Items{is_new(resumed_at)}));
  return call("$or", std::move(any));
}

/// Adds the values that the judged subscriptions compute, each only for the events that it is for. With
/// Judging::skip the numbers in sluiceWants differ (see unjudged()), so no value is computed.
void append_made(bson::Builder& pipeline, const std::vector<Subscription>& judged) {
  Members made;
  for (std::size_t i = 0; i < judged.size(); ++i) {
    if (judged[i].made.empty()) continue;
    const bson::View expression(judged[i].made.data(), judged[i].made.size());
    const Expression here = call("$in", Items{static_cast<std::int32_t>(i), "$sluiceWants"});
    // Subscriptions of one rule to two collections share a name. Each value is used only for its own events.
    const auto known = std::ranges::find(made, judged[i].made_name, &Members::value_type::first);
    Expression otherwise = known == made.end() ? Expression("$$REMOVE") : known->second;
    Expression value = if_else(here, Expression(expression.at("made")), std::move(otherwise));
    if (known == made.end()) {
      made.emplace_back(judged[i].made_name, std::move(value));
    } else {
      known->second = std::move(value);
    }
  }
  if (!made.empty()) append_stage(pipeline, "$addFields", object({{"sluiceMade", object(std::move(made))}}));
}

}  // namespace

bool has_expression(const Subscription& subscription) {
  return !subscription.where.empty() || !subscription.made.empty();
}

bool server_judges(const Subscription& subscription) {
  if (has_expression(subscription)) return true;
  return std::ranges::any_of(subscription.fields,
                             [&](const std::string& field) { return !seen(subscription, field); });
}

void append_passing_over(bson::Builder& pipeline, std::string_view resumed_at) {
  // The server's answer contains five times the size of the _id: once in the event, twice in its token, which
  // is hexadecimal, and twice in the same token as the position where the answer ends. That fits into 16 MiB
  // up to about this size.
  constexpr std::int32_t most_token_bytes = 6 << 20;
  Items any{call("$lte", Items{call("$strLenBytes", "$_id._data"), most_token_bytes})};
  if (!resumed_at.empty()) any.push_back(call("$not", Items{is_new(resumed_at)}));
  append_stage(pipeline, "$match", call("$expr", call("$or", std::move(any))));
}

void append_wants(bson::Builder& pipeline, const StreamFilter& filter, std::string_view resumed_at) {
  if (filter.judged.empty()) return;
  Expression wants = numbers_of_those_it_is_for(filter);
  if (!resumed_at.empty()) wants = if_else(is_new(resumed_at), wants, array({}));
  append_stage(pipeline, "$addFields", object({{"sluiceWants", wants}}));
  if (filter.judging == flow::Judging::filter)
    append_stage(pipeline, "$match", call("$expr", is_for_somebody(filter, resumed_at)));
  append_made(pipeline, filter.judged);
}

}  // namespace sluice::source
