#include "rules/shared/together.hpp"

#include <algorithm>
#include <string>
#include <variant>

#include "rules/registry.hpp"

namespace sluice::rules {

namespace {

constexpr const char* apart = "; put the two rules into different streams";
constexpr const char* or_apart = ", or put the two rules into different streams";

struct Asked {
  const RuleConfig* config;
  const Rule* rule;
  std::vector<Subscription> subscriptions;
};

std::string without_brackets(std::string path) {
  for (auto at = path.find("[]"); at != std::string::npos; at = path.find("[]")) path.erase(at, 2);
  return path;
}

bool within(const std::string& path, const std::string& outer) {
  return (path + ".").starts_with(outer + ".");
}

std::string in_collection(const std::string& path, const Subscription& one) {
  return "'" + path + "' of " + one.collection;
}

/// The paths that a rule reads in the events of a collection. They include the copies in an embed rule's
/// target, which are compared with their source.
std::vector<std::string> read_paths(const Rule& rule, const Subscription& subscription) {
  std::vector<std::string> paths;
  for (const std::string& field : subscription.fields) paths.push_back(without_brackets(field));
  for (const Projection& projection : rule.projections()) {
    const auto* copied = std::get_if<Copied>(&projection);
    if (copied == nullptr || copied->plan->target != subscription.collection) continue;
    const CopyPlan& plan = *copied->plan;
    for (const auto& field : plan.fields)
      paths.push_back(plan.array.empty() ? field.to : plan.array + "." + field.to);
  }
  return paths;
}

bool wants_look_up(const Subscription& one) {
  return one.full_document == FullDocument::look_up;
}

bool wants_after_image(const Subscription& one) {
  return one.full_document > FullDocument::look_up;
}

void check_full_document(const std::vector<Asked>& all) {
  for (const Asked& one : all) {
    if (std::ranges::none_of(one.subscriptions, wants_after_image)) continue;
    for (const Asked& other : all) {
      if (std::ranges::none_of(other.subscriptions, wants_look_up)) continue;
      const Asked& later = &one > &other ? one : other;
      const Asked& earlier = &one > &other ? other : one;
      later.config->settings.fail(
          "full_document",
          "the server looks up documents (updateLookup) for a whole stream or not at all, and rule '" +
              earlier.rule->name() + "' requires the opposite" + apart);
    }
  }
}

/// Throws if `other` reads a path that `one` redacts.
void check_redacted(const Subscription& kept_back, const Asked& one, const Subscription& read,
                    const Asked& other) {
  for (const std::string& path : read_paths(*other.rule, read)) {
    for (const std::string& hidden : kept_back.redacted) {
      if (!overlap(path, hidden)) continue;
      one.config->settings.fail("redact", in_collection(hidden, kept_back) + " is redacted here, but rule '" +
                                              other.rule->name() + "' reads '" + path + "'" + apart);
    }
  }
}

/// Throws if `other` reads a path that the projection of `one` leaves out.
void check_projected(const Subscription& sent, const Asked& one, const Subscription& read,
                     const Asked& other) {
  if (sent.projected.empty()) return;
  const auto is_sent = [&](const std::string& path) {
    return std::ranges::any_of(sent.projected, [&](const auto& outer) { return within(path, outer); });
  };
  if (read.projected.empty() && read.any_field) {
    one.config->settings.fail("project", "of " + sent.collection +
                                             " only a part is sent for this rule, and rule '" +
                                             other.rule->name() + "' reads the whole" + apart);
  }
  std::vector<std::string> paths = read_paths(*other.rule, read);
  paths.insert(paths.end(), read.projected.begin(), read.projected.end());
  for (const std::string& path : paths) {
    if (is_sent(path)) continue;
    one.config->settings.fail("project", in_collection(path, sent) +
                                             " is not sent for this rule, but rule '" + other.rule->name() +
                                             "' reads it" + apart);
  }
}

/// Throws if patterns with different `redact` or `project` may match the same collection. The collections
/// that they match are not known beforehand, so neither setting could take precedence.
void check_narrowed(const Subscription& mine, const Asked& one, const Subscription& theirs,
                    const Asked& other) {
  const bool same = mine.collection == theirs.collection ||
                    (mine.redacted == theirs.redacted && mine.projected == theirs.projected);
  const bool narrowed = !mine.redacted.empty() || !mine.projected.empty();
  if (same || !narrowed || (!mine.set && !theirs.set)) return;
  one.config->settings.fail(mine.redacted.empty() ? "project" : "redact",
                            "'" + mine.collection + "' and '" + theirs.collection + "' of rule '" +
                                other.rule->name() +
                                "' may match the same collection: set the same 'redact' and 'project' in "
                                "both rules, exclude that collection here (with a leading !)" +
                                or_apart);
}

void check_pair(const Asked& one, const Asked& other) {
  for (const Subscription& mine : one.subscriptions) {
    for (const Subscription& theirs : other.subscriptions) {
      if (!mine.may_share(theirs)) continue;
      check_narrowed(mine, one, theirs, other);
      check_redacted(mine, one, theirs, other);
      check_projected(mine, one, theirs, other);
    }
  }
}

}  // namespace

void check_together(const StreamConfig& stream, const std::vector<std::unique_ptr<Rule>>& rules) {
  std::vector<Asked> all;
  for (std::size_t i = 0; i < rules.size(); ++i)
    all.push_back({&stream.rules[i], rules[i].get(), rules[i]->subscriptions()});
  check_full_document(all);
  for (const Asked& one : all) {
    for (const Asked& other : all) {
      if (&one != &other) check_pair(one, other);
    }
  }
}

}  // namespace sluice::rules
