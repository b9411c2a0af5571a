#include "source/watched.hpp"

namespace sluice::source {

namespace {

Expression is_on(const CollectionSet::Side& side, const char* path) {
  Items any;
  if (!side.names.empty()) any.push_back(call("$in", Items{path, literal(texts(side.names))}));
  for (const std::string& expression : side.expressions) {
    any.push_back(call("$regexMatch", object({{"input", path}, {"regex", literal(Expression(expression))}})));
  }
  return any.size() == 1 ? any.front() : call("$or", std::move(any));
}

}  // namespace

Expression reads(const Subscription& subscription, const char* path) {
  if (!subscription.set) return call("$eq", Items{path, literal(subscription.collection)});
  const CollectionSet& set = *subscription.set;
  return call("$and", Items{is_on(set.included(), path), call("$not", Items{is_on(set.excluded(), path)})});
}

ByName by_name(const std::vector<Subscription>& subscriptions) {
  ByName split;
  for (const Subscription& one : subscriptions) (one.set ? split.sets : split.named).push_back(one);
  return split;
}

}  // namespace sluice::source
