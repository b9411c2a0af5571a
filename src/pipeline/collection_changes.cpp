#include "pipeline/collection_changes.hpp"

#include <fmt/format.h>

#include "core/cache_plan.hpp"

namespace sluice::pipeline {

namespace {

/// Whether a name is that of a temporary collection, which $out and mapReduce fill and then rename.
bool is_temporary(std::string_view name) {
  return name.starts_with("tmp.agg_out.") || name.starts_with("tmp.mr.");
}

std::string rename_in_words(const CollectionChange& change) {
  const std::string watched = change.database + "." + change.collection;
  const std::string other = change.database + "." + change.other;
  if (!change.came) return fmt::format("the collection {} was renamed to {}", watched, other);
  if (is_temporary(change.other)) {
    return fmt::format("the collection {} was replaced as a whole by {}", watched,
                       change.other.starts_with("tmp.mr.") ? "a mapReduce" : "an aggregation's $out");
  }
  return fmt::format("the collection {} was renamed to {}, replacing it", other, watched);
}

bool keeps_keys(const Rule& rule) {
  for (const DeliveryPlan* plan : rule.deliveries()) {
    if (plan->sink() == CachePlan::sink_name) return true;
  }
  return false;
}

const char* operation_to_state(const CollectionChange& change) {
  return change.operation == Operation::rename ? "rename" : "drop";
}

std::string clause(const CollectionChange& change, const Rule& rule) {
  if (keeps_keys(rule)) {
    return fmt::format("rule '{}' cannot know the keys of its documents: flush them in Redis", rule.name());
  }
  if (rule.deliveries().empty()) return fmt::format("rule '{}' writes nothing for this", rule.name());
  std::string text = fmt::format(
      "rule '{}' sends no message about it (it would with operations: [insert, update, replace, "
      "delete, {}])",
      rule.name(), operation_to_state(change));
  if (change.came && rule.has_snapshots()) {
    text +=
        fmt::format("; to publish its present documents, run: sluice snapshot FILE --rule {} --collection {}",
                    rule.name(), change.collection);
  }
  return text;
}

}  // namespace

CollectionChange change_of(const ChangeEvent& event, std::string_view watched) {
  CollectionChange change{event.operation, std::string(event.database)};
  if (event.operation == Operation::drop_database) return change;
  change.collection = watched;
  if (event.operation != Operation::rename) return change;
  change.came = watched != event.collection;
  change.other = change.came ? event.collection : event.document.at_path("to.coll").text();
  return change;
}

std::string in_words(const CollectionChange& change) {
  switch (change.operation) {
    case Operation::drop:
      return fmt::format("the collection {}.{} was dropped", change.database, change.collection);
    case Operation::rename:
      return rename_in_words(change);
    case Operation::drop_database:
      return fmt::format("the database {} was dropped", change.database);
    default:
      return "the change stream was invalidated";
  }
}

std::string without_effect(const CollectionChange& change, const std::vector<const Rule*>& rules) {
  std::string text;
  for (const Rule* rule : rules) text += "; " + clause(change, *rule);
  return text;
}

}  // namespace sluice::pipeline
