#include "rules/shared/targets.hpp"

#include <algorithm>

namespace sluice::rules {

std::vector<std::string> known_targets(const TextTemplate& target,
                                       const std::vector<Subscription>& subscriptions,
                                       const std::string& database) {
  std::vector<std::string> targets;
  if (target.tells_of_the_document() || target.tells_of_the_change()) return targets;
  for (const Subscription& one : subscriptions) {
    if (one.set && target.tells_of_the_collection()) continue;
    ChangeEvent event;
    event.database = database;
    event.collection = one.collection;
    InlineText text;
    target.append_to(text, event);
    if (std::ranges::find(targets, text.view()) == targets.end()) targets.emplace_back(text.view());
  }
  return targets;
}

void ask_for_documents(const Settings& settings, std::vector<Subscription>& subscriptions) {
  for (Subscription& one : subscriptions) {
    if (one.updates && !settings.has("full_document")) one.full_document = FullDocument::required;
    if (one.deletes && !settings.has("before")) one.before = BeforeImage::required;
  }
}

}  // namespace sluice::rules
