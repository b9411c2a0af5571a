#include "source/stream_filter.hpp"

#include <algorithm>
#include <utility>

#include "source/stream_detail.hpp"
#include "source/stream_narrowing.hpp"
#include "source/stream_wants.hpp"
#include "source/watched.hpp"

namespace sluice::source {

namespace {

/// A path that is read of a collection. `head` is the collection's name and the path's first name ("users
/// bio"). `rest` contains the names at later places of the split path. The place of an array's index has no
/// name.
struct ReadPath {
  std::string head;
  std::vector<std::pair<std::int32_t, std::string>> rest;
};

ReadPath read_path(const std::string& collection, std::string_view path) {
  ReadPath result;
  for (std::int32_t place = 0; !path.empty(); ++place) {
    const auto dot = path.find('.');
    std::string_view component = path.substr(0, dot);
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
    const bool array = component.ends_with("[]");
    if (array) component.remove_suffix(2);
    if (place == 0) {
      result.head = collection + " " + std::string(component);
    } else {
      result.rest.emplace_back(place, component);
    }
    if (array) ++place;
  }
  return result;
}

std::vector<ReadPath> read_paths(const std::vector<Subscription>& subscriptions) {
  std::vector<ReadPath> paths;
  for (const Subscription& subscription : subscriptions) {
    if (!subscription.updates) continue;
    for (const std::string& field : subscription.fields)
      paths.push_back(read_path(subscription.collection, field));
  }
  return paths;
}

void append_list(bson::Builder& out, std::string_view key, const std::vector<std::string>& texts) {
  out.open_array(key);
  for (const std::string& text : texts) out.append(out.item(), text);
  out.close();
}

/// `collection`: an expression for the collection's name, with which the heads of the paths begin.
void append_head(bson::Builder& out, const Expression& collection) {
  out.open(out.item()).open_array("$concat");
  collection.append(out, out.item());
  out.append(out.item(), " ");
  out.open(out.item()).open_array("$arrayElemAt").append(out.item(), "$$at").append(out.item(), 0);
  out.close().close().close().close();
}

/// For a path of several names: the changed name ($$at) agrees with it in every place that both have.
void append_same_way(bson::Builder& out, const ReadPath& path, const Expression& collection) {
  out.open(out.item()).open_array("$and").open(out.item()).open_array("$eq");
  append_head(out, collection);
  out.append(out.item(), path.head).close().close();
  for (const auto& [place, name] : path.rest) {
    out.open(out.item()).open_array("$eq").open(out.item()).open_array("$ifNull");
    out.open(out.item()).open_array("$arrayElemAt").append(out.item(), "$$at").append(out.item(), place);
    out.close().close();
    out.open(out.item()).append("$literal", name).close().close().close();
    out.open(out.item()).append("$literal", name).close().close().close();
  }
  out.close().close();
}

/// append_touches() for collections of which `collection` gives the name.
void append_touches_in(bson::Builder& out, const std::vector<Subscription>& subscriptions,
                       std::string_view name, const Expression& collection) {
  const std::vector<ReadPath> paths = read_paths(subscriptions);
  out.open("$let").open("vars").open("at").open_array("$split");
  out.append(out.item(), name).append(out.item(), ".").close().close().close();
  out.open("in").open_array("$or").open(out.item()).open_array("$in");
  append_head(out, collection);
  out.open(out.item()).open_array("$literal");
  for (const ReadPath& path : paths) {
    if (path.rest.empty()) out.append(out.item(), path.head);
  }
  out.close().close().close().close();
  for (const ReadPath& path : paths) {
    if (!path.rest.empty()) append_same_way(out, path, collection);
  }
  out.close().close().close();
}

void append_names(bson::Builder& out, const std::vector<std::string>& names) {
  out.open(out.item()).open_array("$literal");
  for (const std::string& name : names) out.append(out.item(), name);
  out.close().close();
}

/// The collections all of whose updates are wanted.
std::vector<std::string> wanted_whole(const std::vector<Subscription>& subscriptions) {
  std::vector<std::string> names;
  for (const Subscription& one : subscriptions) {
    if (one.updates && one.any_field) names.push_back(one.collection);
  }
  return names;
}

/// True if a name in the update's description touches a path that is read.
void append_touching_update(bson::Builder& out, const std::vector<Subscription>& subscriptions,
                            const Expression& collection) {
  out.open_array("$anyElementTrue").open(out.item()).open("$map").open("input").open_array("$concatArrays");
  out.open(out.item()).open("$map").open("input");
  out.append("$objectToArray", "$updateDescription.updatedFields");
  out.close().append("in", "$$this.k").close().close();
  out.append(out.item(), "$updateDescription.removedFields");
  out.open(out.item()).open("$map").append("input", "$updateDescription.truncatedArrays");
  out.append("in", "$$this.field").close().close();
  out.close().close();
  out.open("in");
  append_touches_in(out, subscriptions, "$$this", collection);
  out.close().close().close().close();
}

void append_update_wanted(bson::Builder& out, const std::vector<Subscription>& subscriptions) {
  const bool some = !read_paths(subscriptions).empty();
  const std::vector<std::string> whole = wanted_whole(subscriptions);
  if (!some && whole.empty()) {
    out.append(out.item(), false);
    return;
  }
  out.open(out.item());
  if (!whole.empty()) {
    out.open_array("$or").open(out.item()).open_array("$in").append(out.item(), "$ns.coll");
    append_names(out, whole);
    out.close().close();
    if (some) out.open(out.item());
  }
  if (some) append_touching_update(out, subscriptions, "$ns.coll");
  if (!whole.empty()) {
    if (some) out.close();
    out.close();
  }
  out.close();
}

/// Operations on whole documents that no subscription of a collection asks for, as "operation collection".
std::vector<std::string> unwanted(const std::vector<Subscription>& subscriptions) {
  std::vector<std::string> names;
  for (const Subscription& subscription : subscriptions) {
    if (!subscription.inserts) names.push_back("insert " + subscription.collection);
    if (!subscription.replaces) names.push_back("replace " + subscription.collection);
    if (!subscription.deletes) names.push_back("delete " + subscription.collection);
  }
  return names;
}

void append_other_wanted(bson::Builder& out, const std::vector<std::string>& names) {
  out.open_array("$not").open(out.item()).open_array("$in").open(out.item()).open_array("$concat");
  out.append(out.item(), "$operationType")
      .append(out.item(), " ")
      .append(out.item(), "$ns.coll")
      .close()
      .close();
  out.open(out.item());
  append_list(out, "$literal", names);
  out.close().close().close().close();
}

/// append_happening() for collections that are read by their names. The event must be of one of them.
void append_happening_to_named(bson::Builder& out, std::string_view key,
                               const std::vector<Subscription>& subscriptions) {
  out.open(key).open_array("$cond");
  out.open(out.item()).open_array("$eq").append(out.item(), "$operationType").append(out.item(), "update");
  out.close().close();
  append_update_wanted(out, subscriptions);
  const std::vector<std::string> names = unwanted(subscriptions);
  if (names.empty()) {
    out.append(out.item(), true);
  } else {
    out.open(out.item());
    append_other_wanted(out, names);
    out.close();
  }
  out.close().close();
}

/// Whether a set's subscription asks for an event. The event must be of one of the set's collections.
Expression wanted_of_set(const Subscription& one) {
  std::vector<std::string> whole;
  if (one.inserts) whole.emplace_back("insert");
  if (one.replaces) whole.emplace_back("replace");
  if (one.deletes) whole.emplace_back("delete");
  if (one.updates && one.any_field) whole.emplace_back("update");
  const Expression any = call("$in", Items{"$operationType", literal(texts(whole))});
  if (!one.updates || one.any_field || one.fields.empty()) return any;
  const Expression touching([&one](bson::Builder& out, std::string_view key) {
    out.open(key);
    append_touching_update(out, {one}, literal(one.collection));
    out.close();
  });
  return call("$or",
              Items{any, call("$and", Items{call("$eq", Items{"$operationType", "update"}), touching})});
}

/// True where the hash modulo the number of shards is one of the filter's shards.
Expression is_in_shards(const StreamFilter& filter) {
  const Expression hash([](bson::Builder& out, std::string_view key) {
    out.open(key).open("$abs").open("$toLong").append("$toHashedIndexKey", "$documentKey._id");
    out.close().close().close();
  });
  Expression shard = call("$mod", Items{hash, filter.shard_count});
  if (filter.shards.size() == 1) return call("$eq", Items{std::move(shard), filter.shards.front()});
  return call("$in",
              Items{std::move(shard), literal(array(Items(filter.shards.begin(), filter.shards.end())))});
}

/// True for the documents of the filter's shards. Events of whole collections have no document and reach
/// every shard.
///
/// The server can evaluate this on the oplog entry, before it builds the event, because it reads only
/// `$documentKey._id`. With `$documentKey` it cannot. Measured, an event of another shard then costs nearly
/// twice as much. (A condition on the collection can be evaluated there as well, but costs each wanted event
/// more than it saves on the others.)
Expression is_for_shards(const StreamFilter& filter) {
  return call("$or", Items{is_in_shards(filter), has_type("$documentKey._id", "missing")});
}

void append_either(bson::Builder& out, const char* path, const std::vector<Subscription>& named) {
  out.open(out.item()).open(path).open_array("$in");
  for (const Subscription& one : named) out.append(out.item(), one.collection);
}

/// True for events of the watched collections, events without a collection (the database was dropped, the
/// stream was invalidated), and renames to a watched collection.
void append_scope(bson::Builder& out, const StreamFilter& filter) {
  const ByName split = by_name(filter.subscriptions);
  out.open_array("$or");
  append_either(out, "ns.coll", split.named);
  out.append_null(out.item()).close().close().close();
  append_either(out, "to.coll", split.named);
  out.close().close().close();
  for (const Subscription& one : split.sets) {
    out.open(out.item());
    call("$or", Items{reads(one, "$ns.coll"), reads(one, "$to.coll")}).append(out, "$expr");
    out.close();
  }
  out.close();
}

/// All other conditions, as one expression. The server tries to push each predicate of a $match on the
/// event's fields down to the oplog, and then tests it twice. Measured, an expression costs half as much as
/// the same conditions as predicates. The shard comes first because most events fail it.
void append_wanted(bson::Builder& out, const StreamFilter& filter) {
  out.open("$expr").open_array("$and");
  if (!filter.every_shard()) is_for_shards(filter).append(out, out.item());
  append_happening(out, out.item(), filter.subscriptions);
  out.close().close();
}

void add_missing(std::vector<std::string>& all, const std::vector<std::string>& more) {
  for (const std::string& one : more) {
    if (std::ranges::find(all, one) == all.end()) all.push_back(one);
  }
}

}  // namespace

FullDocument StreamFilter::full_document() const {
  FullDocument strongest = FullDocument::off;
  for (const Subscription& one : subscriptions) strongest = std::max(strongest, one.full_document);
  return strongest;
}

bool StreamFilter::needs_pre_images() const {
  return std::ranges::any_of(subscriptions,
                             [](const Subscription& one) { return one.before != BeforeImage::off; });
}

bool StreamFilter::has_expressions() const {
  return std::ranges::any_of(judged, has_expression);
}

bool StreamFilter::parts_serve() const {
  return std::ranges::none_of(subscriptions, &Subscription::exact);
}

void append_happening(bson::Builder& out, std::string_view key,
                      const std::vector<Subscription>& subscriptions) {
  const ByName split = by_name(subscriptions);
  if (split.sets.empty()) return append_happening_to_named(out, key, subscriptions);
  Items any{call("$not", Items{is_document_change()})};
  if (!split.named.empty()) {
    std::vector<std::string> names;
    for (const Subscription& one : split.named) names.push_back(one.collection);
    any.push_back(call("$and", Items{call("$in", Items{"$ns.coll", literal(texts(names))}),
                                     Expression([&](bson::Builder& to, std::string_view at) {
                                       append_happening_to_named(to, at, split.named);
                                     })}));
  }
  for (const Subscription& one : split.sets) {
    any.push_back(call("$and", Items{reads(one, "$ns.coll"), wanted_of_set(one)}));
  }
  call("$or", std::move(any)).append(out, key);
}

void append_touches(bson::Builder& out, const std::vector<Subscription>& subscriptions,
                    std::string_view name) {
  const ByName split = by_name(subscriptions);
  if (split.sets.empty()) return append_touches_in(out, subscriptions, name, "$ns.coll");
  out.open_array("$or").open(out.item());
  append_touches_in(out, split.named, name, "$ns.coll");
  out.close();
  for (const Subscription& one : split.sets) {
    out.open(out.item()).open_array("$and");
    reads(one, "$ns.coll").append(out, out.item());
    out.open(out.item());
    append_touches_in(out, {one}, name, literal(one.collection));
    out.close().close().close();
  }
  out.close();
}

std::vector<Subscription> merge_subscriptions(const std::vector<Subscription>& all) {
  std::vector<Subscription> merged;
  for (const Subscription& one : all) {
    auto found = std::ranges::find(merged, one.collection, &Subscription::collection);
    if (found == merged.end()) {
      merged.push_back(one);
      merged.back().where.clear();
      merged.back().made.clear();
      merged.back().any_field &= one.updates;
      continue;
    }
    found->inserts |= one.inserts;
    found->replaces |= one.replaces;
    found->updates |= one.updates;
    found->deletes |= one.deletes;
    found->drops |= one.drops;
    found->renames |= one.renames;
    found->any_field |= one.updates && one.any_field;
    found->exact |= one.exact;
    found->full_document = std::max(found->full_document, one.full_document);
    found->before = std::max(found->before, one.before);
    add_missing(found->fields, one.fields);
    add_missing(found->redacted, one.redacted);
    add_missing(found->projected, one.projected);
  }
  return merged;
}

StreamFilter filter_of(const std::vector<NumberedSubscription>& all) {
  StreamFilter filter;
  std::vector<Subscription> subscriptions;
  std::vector<Subscription> plain;
  for (const NumberedSubscription& one : all) {
    subscriptions.push_back(one.subscription);
    (one.number ? filter.judged : plain).push_back(one.subscription);
  }
  filter.subscriptions = merge_subscriptions(subscriptions);
  filter.with_session = std::ranges::any_of(subscriptions, &Subscription::ignores_own);
  if (!filter.judged.empty()) filter.plain = merge_subscriptions(plain);
  return filter;
}

void append_stages(bson::Builder& pipeline, const StreamFilter& filter, std::string_view resumed_at) {
  pipeline.open(pipeline.item()).open("$match");
  append_scope(pipeline, filter);
  append_wanted(pipeline, filter);
  pipeline.close().close();
  if (filter.pass_over) append_passing_over(pipeline, resumed_at);
  append_wants(pipeline, filter, resumed_at);
  append_narrowing(pipeline, filter);
  append_detail(pipeline, filter);
}

}  // namespace sluice::source
