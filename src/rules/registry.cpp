#include "rules/registry.hpp"

#include <algorithm>
#include <array>

#include "config/problems.hpp"
#include "core/publish_plan.hpp"
#include "rules/custom/custom.hpp"
#include "rules/shared/together.hpp"

namespace sluice::rules {

namespace {

enum class Does : std::uint8_t {
  keep,   ///< maintains data: every effect counts, and none is dropped as a duplicate
  react,  ///< reports changes: duplicates may be dropped
};
/// Which other rules share a stream with a rule of this kind. They wait while that rule's server is slow or
/// unavailable.
enum class Runs : std::uint8_t { with_others, with_publishers, apart };

struct Kind {
  std::string_view name;
  Factory make;
  Does does;
  Runs runs = Runs::with_others;
};

// A new kind of rule adds one line here.
constexpr std::array<Kind, 8> registered{{
    {"embed", make_embed, Does::keep},
    {"count", make_count, Does::keep},
    {"tally", make_tally, Does::keep},
    {"publish", make_publish, Does::react, Runs::with_publishers},
    {"webhook", make_webhook, Does::react, Runs::apart},
    {"write", make_write, Does::react},
    {"event_store", make_event_store, Does::react},
    {"cache", make_cache, Does::keep, Runs::apart},
}};

}  // namespace

const char* const no_pre_image =
    "the document as it was before the change is not available: enable changeStreamPreAndPostImages on the "
    "collection and keep pre-images for longer than the worker may lag";

const char* const unclear_update =
    "the document has a field whose name contains dots and looks like the path of the rule's field, and "
    "servers before 7.0 do not say which of the two an update changed: rename that field, then verify and "
    "repair";

std::vector<std::string> kinds() {
  std::vector<std::string> names;
  for (const Kind& kind : registered) names.emplace_back(kind.name);
  return names;
}

namespace {

bool share_a_collection(const Rule& one, const Rule& other) {
  for (const Subscription& mine : one.subscriptions()) {
    for (const Subscription& its : other.subscriptions()) {
      if (mine.may_share(its)) return true;
    }
  }
  return false;
}

std::vector<const PublishPlan*> publications_of(const Rule& rule) {
  std::vector<const PublishPlan*> plans;
  for (const DeliveryPlan* plan : rule.deliveries()) {
    if (const auto* one = dynamic_cast<const PublishPlan*>(plan)) plans.push_back(one);
  }
  return plans;
}

/// Refuses rules that publish two messages with one id to one JetStream stream: the server would drop the
/// second as a duplicate.
void check_message_ids(const std::vector<std::unique_ptr<Rule>>& rules, const RuleConfig& added) {
  const Rule& last = *rules.back();
  for (const PublishPlan* plan : publications_of(last)) {
    for (std::size_t i = 0; i + 1 < rules.size(); ++i) {
      for (const PublishPlan* other : publications_of(*rules[i])) {
        const bool same = plan->stream.name == other->stream.name && plan->message_id == other->message_id;
        if (!same || !share_a_collection(last, *rules[i])) continue;
        added.settings.fail("", "the rules '" + rules[i]->name() + "' and '" + last.name() +
                                    "' publish the same events to the stream " + plan->stream.name +
                                    ", which would treat the second message as a duplicate of the first; set "
                                    "a different 'message_id' in one of them, such as \"" +
                                    last.name() + "-{token}\"");
      }
    }
  }
}

RuleOptions read_options(const Settings& settings) {
  constexpr long long most_seconds = 7LL * 86'400;
  constexpr long long most_linger_ms = 60'000;
  return {std::chrono::seconds(settings.integer_or("dedup_s", 0, 0, most_seconds)),
          std::chrono::milliseconds(settings.integer_or("linger_ms", 0, 0, most_linger_ms))};
}

// Not in any file: the program that the library runs in registers the function to call.
constexpr Kind handler_kind{"handler", make_handler, Does::react, Runs::apart};

const Kind* find_kind(const RuleConfig& rule) {
  if (rule.handler) return &handler_kind;
  const auto* kind = std::ranges::find(registered, rule.kind, &Kind::name);
  return kind == registered.end() ? nullptr : kind;
}

}  // namespace

bool stands_apart(const RuleConfig& rule) {
  if (is_custom_sink(rule)) return true;
  const Kind* kind = find_kind(rule);
  return kind != nullptr && kind->runs == Runs::apart;
}

bool publishes(const RuleConfig& rule) {
  const Kind* kind = find_kind(rule);
  return kind != nullptr && kind->runs == Runs::with_publishers;
}

namespace {

/// All kinds that the rule may have: the built-in ones and those that its program registered.
std::vector<std::string> kinds_for(const RuleConfig& rule) {
  std::vector<std::string> names = kinds();
  const std::vector<std::string> more =
      rule.extensions ? rule.extensions->kinds() : std::vector<std::string>();
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

std::unique_ptr<Rule> make_one(const RuleConfig& rule, const std::string& database) {
  if (auto custom = make_custom(rule, database)) {
    if (!custom->keeps_state()) custom->set_options(read_options(rule.settings));
    rule.settings.done();
    return custom;
  }
  const Kind* kind = find_kind(rule);
  if (kind == nullptr) {
    if (rule.kind == handler_kind.name) {
      rule.settings.fail("", "rule '" + rule.name +
                                 "': a handler is a function of a program that uses the "
                                 "library, which registers it with Pipeline::on(); leave the rule out here");
    }
    const std::string near = nearest_name(rule.kind, kinds_for(rule));
    rule.settings.fail("", "rule '" + rule.name + "' has the unknown kind '" + rule.kind + "'" +
                               (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  auto made = kind->make(rule, database);
  if (kind->does != Does::keep) made->set_options(read_options(rule.settings));
  rule.settings.done();
  return made;
}

}  // namespace

namespace {

/// Adds the collections of the stream's database in which publishing rules store resume tokens for another
/// program.
void add_token_places(const std::vector<RuleConfig>& rules, const std::string& database,
                      std::vector<std::string>& names) {
  for (const RuleConfig& rule : rules) {
    const std::vector<std::string> keys = rule.settings.keys();  // has() would mark the key as read
    if (rule.kind != "publish" || std::ranges::find(keys, "tokens") == keys.end()) continue;
    try {
      const Settings tokens = rule.settings.section("tokens");
      if (tokens.text("database") == database) names.push_back(tokens.text("collection"));
    } catch (const ConfigError&) {
      continue;  // reported when the rule itself is made
    }
  }
}

/// Sluice's own collections in the stream's database.
std::vector<std::string> hidden_in(const StreamConfig& stream) {
  std::vector<std::string> names = stream.hidden;
  for (const TokenCollection& one : stream.resume_tokens) {
    if (one.database == stream.database) names.push_back(one.collection);
  }
  add_token_places(stream.split ? stream.split->stated : stream.rules, stream.database, names);
  return names;
}

}  // namespace

/// Continues after an invalid rule, so that all of them are reported.
std::vector<std::unique_ptr<Rule>> make_rules(const StreamConfig& stream) {
  const std::vector<std::string> hidden = hidden_in(stream);
  std::vector<std::unique_ptr<Rule>> rules;
  config::Problems problems;
  for (RuleConfig rule : stream.rules) {
    rule.hidden = hidden;
    try {
      rules.push_back(make_one(rule, stream.database));
      check_message_ids(rules, rule);
    } catch (const ConfigError& error) {
      config::append(problems, error);
    }
  }
  if (!problems.empty()) throw config::PlacedError(std::move(problems));
  check_together(stream, rules);
  return rules;
}

namespace {

[[noreturn]] void refuse_order(const RuleConfig& rule, const std::string& setting, int parts) {
  std::string text = "the '" + setting + "' of rule '" + rule.name +
                     "' keeps an order across different documents, which " + std::to_string(parts) +
                     " shards or partitions cannot keep, because each reads other documents; run the rule "
                     "from a separate file with one (--partitions 1, or --shard-count 1)";
  if (setting != "order") text += ", or use the document's own _id there";
  if (setting != "order_by") {
    text += ", or set 'order: document' if only each document's own changes need to be in order";
  }
  rule.settings.fail(setting, text);
}

}  // namespace

std::vector<std::unique_ptr<Rule>> make_rules(const StreamConfig& stream, int parts) {
  std::vector<std::unique_ptr<Rule>> rules = make_rules(stream);
  for (std::size_t i = 0; i < rules.size() && parts > 1; ++i) {
    const char* setting = rules[i]->orders_across_documents_by();
    if (setting == nullptr) continue;
    refuse_order(stream.rules[i], setting, parts);
  }
  return rules;
}

std::vector<std::unique_ptr<Rule>> make_rule(const StreamConfig& stream, const std::string& name) {
  StreamConfig alone = stream;
  std::erase_if(alone.rules, [&](const RuleConfig& rule) { return rule.name != name; });
  return make_rules(alone);
}

bool overlap(const std::string& one, const std::string& other) {
  return (one + '.').starts_with(other + '.') || (other + '.').starts_with(one + '.');
}

void check_counter(const Settings& settings, std::string_view counter, const CounterPlan& plan,
                   const std::string& from, const std::string& counted) {
  if (overlap(plan.field, "_id")) settings.fail(counter, "'" + plan.field + "': _id cannot be written");
  if (from == plan.collection && overlap(plan.field, counted)) {
    settings.fail(counter, "'" + plan.field + "' and '" + counted + " conflict in " + from);
  }
}

std::string plain_path(const Settings& settings, std::string_view key) {
  std::string path = settings.text(key);
  if (path.find("[]") != std::string::npos) settings.fail(key, "an array ([]) is not possible in this path");
  check_path(settings, key, path);
  return path;
}

void check_path(const Settings& settings, std::string_view key, const std::string& path) {
  const std::string all = "." + path + ".";
  if (all.find("..") != std::string::npos || all.find(".$") != std::string::npos) {
    settings.fail(key, "'" + path + "' is not the path of a field");
  }
}

std::uint64_t key_seed(const std::string& database, const std::string& collection) {
  return bson::stable_hash(database + "." + collection, 0);
}

}  // namespace sluice::rules
