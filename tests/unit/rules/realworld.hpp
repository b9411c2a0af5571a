#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rules/registry.hpp"
#include "source/stream_filter.hpp"

namespace sluice::test {

inline RuleConfig rule_config(const std::string& name, const std::string& kind, const std::string& yaml) {
  return {name, kind, Settings::parse(yaml, "test.yaml")};
}

/// The rules that are shipped as deploy/realworld.yaml.
inline StreamConfig realworld_config() {
  return {"main",
          "mongodb://nowhere",
          "conduit",
          {rule_config("author-copies", "embed", R"({from: users, into: [
               {collection: articles, reference: authorId, set: {username: authorUsername, image: authorImage, bio: authorBio}},
               {collection: comments, reference: authorId, set: {username: authorUsername, image: authorImage, bio: authorBio}}],
               on_delete: keep})"),
           rule_config("favorites-count", "count",
                       "{from: favorites, reference: articleId, into: articles, field: favoritesCount}"),
           rule_config("tag-tally", "tally",
                       "{from: articles, field: tagList, into: tags, count: articleCount}")}};
}

inline std::vector<std::unique_ptr<Rule>> realworld_rules() {
  return rules::make_rules(realworld_config());
}

inline std::vector<Subscription> realworld_subscriptions() {
  std::vector<Subscription> all;
  for (const auto& rule : realworld_rules()) {
    for (auto& one : rule->subscriptions()) all.push_back(std::move(one));
  }
  return source::merge_subscriptions(all);
}

}  // namespace sluice::test
