#include "requirements/fingerprints.hpp"

#include "sluice/bson_builder.hpp"
#include "text/hex.hpp"

namespace sluice::requirements {

namespace {

/// A hash of a rule's exact subscriptions; "" if it has none. (The other subscriptions follow from the rule's
/// own fingerprint.)
std::string selection_text(const Rule& rule) {
  bson::Builder out;
  for (const Subscription& one : rule.subscriptions()) {
    if (!one.exact) continue;
    out.open(one.collection);
    out.append("operations", (one.inserts ? 1 : 0) + (one.updates ? 2 : 0) + (one.replaces ? 4 : 0) +
                                 (one.deletes ? 8 : 0) + (one.any_field ? 16 : 0) + (one.drops ? 32 : 0) +
                                 (one.renames ? 64 : 0));
    for (const auto& [name, paths] :
         {std::pair{"fields", &one.fields}, {"redacted", &one.redacted}, {"projected", &one.projected}}) {
      out.open_array(name);
      for (const std::string& path : *paths) out.append(out.item(), path);
      out.close();
    }
    out.append("fullDocument", static_cast<std::int32_t>(one.full_document));
    out.append("before", static_cast<std::int32_t>(one.before));
    if (one.ignores_own) out.append("ownWrites", "ignore");
    for (const auto* expression : {&one.where, &one.made}) {
      if (expression->empty()) continue;
      const bson::View view(expression->data(), expression->size());
      out.append(view.begin()->key, view);
    }
    out.close();
  }
  const bson::View all = out.finish();
  return all.empty() ? "" : "\n" + text::hex(bson::stable_hash({all.data(), all.size()}, 0));
}

}  // namespace

std::string options_hash(const std::string& database, const Rules& rules) {
  std::string text = database;
  for (const auto& rule : rules)
    text += "\n" + rule->name() + ": " + rule->fingerprint() + selection_text(*rule);
  return text::hex(bson::stable_hash(text, 0));
}

std::string filter_hash(const source::StreamFilter& filter) {
  bson::Builder stages;
  stages.open_array("stages");
  source::append_stages(stages, filter);
  const bson::View view = stages.finish();
  return text::hex(bson::stable_hash({view.data(), view.size()}, 0));
}

std::string relay_version(const Config& config, const StreamConfig& stream, const Rules& rules) {
  const std::string owner = config.pipeline + "/" + stream.name + "\n" + stream.database;
  return text::hex(bson::stable_hash(owner, 0)) + "-" + filter_hash(filter_of(rules));
}

std::string position_hash(const Config& config, const Rules& rules, const source::StreamFilter& filter) {
  return config.relay ? "relay:" + filter_hash(filter_of(rules)) : "feed:" + filter_hash(filter);
}

}  // namespace sluice::requirements
