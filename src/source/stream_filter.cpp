#include "source/stream_filter.hpp"

#include <algorithm>

namespace sluice::source {

namespace {

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("\\^$.|?*+()[]{}/-").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

/// a.b[].c as a(\.b(\.\d+(\.c(\.[\s\S]*)?)?)?)? : the path, all that hold it, and all inside it. Names of
/// fields may hold line breaks, which a plain dot would not match.
std::string touching_one(std::string_view path) {
  std::string head;
  std::string tail;
  bool first = true;
  const auto step = [&](const std::string& part) {
    head += first ? part : "(\\." + part;
    if (!first) tail += ")?";
    first = false;
  };
  while (!path.empty()) {
    const auto dot = path.find('.');
    std::string_view component = path.substr(0, dot);
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
    const bool array = component.ends_with("[]");
    if (array) component.remove_suffix(2);
    step(escaped(component));
    if (array) step("\\d+");
  }
  return head + "(\\.[\\s\\S]*)?" + tail;
}

void append_list(bson::Builder& out, std::string_view key, const std::vector<std::string>& texts) {
  out.open_array(key);
  for (const std::string& text : texts) out.append(out.item(), text);
  out.close();
}

/// An update is wanted when a name in its description, behind that of its collection, matches.
void append_update_wanted(bson::Builder& out, const std::string& pattern) {
  out.open_array("$anyElementTrue").open(out.item()).open("$map").open("input").open_array("$concatArrays");
  out.open(out.item()).open("$map").open("input");
  out.append("$objectToArray", "$updateDescription.updatedFields");
  out.close().append("in", "$$this.k").close().close();
  out.append(out.item(), "$updateDescription.removedFields");
  out.open(out.item()).open("$map").append("input", "$updateDescription.truncatedArrays");
  out.append("in", "$$this.field").close().close();
  out.close().close();
  out.open("in").open("$regexMatch").open("input").open_array("$concat");
  out.append(out.item(), "$ns.coll").append(out.item(), " ").append(out.item(), "$$this").close().close();
  out.append("regex", pattern).close().close();
  out.close().close().close();
}

/// Operations on whole documents that a collection's readers do not want, as "operation collection".
std::vector<std::string> unwanted(const StreamFilter& filter) {
  std::vector<std::string> names;
  for (const Subscription& subscription : filter.subscriptions) {
    if (!subscription.inserts) names.push_back("insert " + subscription.collection);
    if (!subscription.inserts) names.push_back("replace " + subscription.collection);
    if (!subscription.deletes) names.push_back("delete " + subscription.collection);
  }
  return names;
}

void append_other_wanted(bson::Builder& out, const StreamFilter& filter) {
  out.open_array("$not").open(out.item()).open_array("$in").open(out.item()).open_array("$concat");
  out.append(out.item(), "$operationType")
      .append(out.item(), " ")
      .append(out.item(), "$ns.coll")
      .close()
      .close();
  out.open(out.item());
  append_list(out, "$literal", unwanted(filter));
  out.close().close().close().close();
}

void append_hash(bson::Builder& out, std::string_view key) {
  out.open(key).open("$abs").open("$toLong").append("$toHashedIndexKey", "$documentKey._id");
  out.close().close().close();
}

/// The shard's part of the documents. What happens to whole collections has no document and reaches every
/// shard: none may sleep through it.
void append_shard(bson::Builder& out, const StreamFilter& filter) {
  out.open(out.item()).open_array("$or");
  out.open(out.item()).open_array("$eq").open(out.item()).append("$type", "$documentKey").close();
  out.append(out.item(), "missing").close().close();
  out.open(out.item()).open_array("$eq").open(out.item()).open_array("$mod");
  append_hash(out, out.item());
  out.append(out.item(), filter.shard_count).close().close();
  out.append(out.item(), filter.shard_index).close().close();
  out.close().close();
}

/// The watched collections; what has no collection (the database dropped, the stream invalidated); and what
/// is renamed to a watched one.
void append_scope(bson::Builder& out, const StreamFilter& filter) {
  out.open_array("$or");
  out.open(out.item()).open("ns.coll").open_array("$in");
  for (const Subscription& subscription : filter.subscriptions)
    out.append(out.item(), subscription.collection);
  out.append_null(out.item()).close().close().close();
  out.open(out.item()).open("to.coll").open_array("$in");
  for (const Subscription& subscription : filter.subscriptions)
    out.append(out.item(), subscription.collection);
  out.close().close().close().close();
}

/// One expression for everything else. The server tries to push each predicate of a $match on the event's
/// fields down to the oplog and then tests it twice; measured, an expression costs half of what the same
/// conditions do as predicates.
void append_wanted(bson::Builder& out, const StreamFilter& filter) {
  const std::string pattern = touched_names(filter.subscriptions);
  out.open("$expr").open_array("$and").open(out.item()).open_array("$cond");
  out.open(out.item()).open_array("$eq").append(out.item(), "$operationType").append(out.item(), "update");
  out.close().close();
  if (pattern.empty()) {
    out.append(out.item(), false);
  } else {
    out.open(out.item());
    append_update_wanted(out, pattern);
    out.close();
  }
  if (unwanted(filter).empty()) {
    out.append(out.item(), true);
  } else {
    out.open(out.item());
    append_other_wanted(out, filter);
    out.close();
  }
  out.close().close();
  if (filter.shard_count > 1) append_shard(out, filter);
  out.close().close();
}

}  // namespace

bool StreamFilter::needs_pre_images() const {
  return std::ranges::any_of(subscriptions, &Subscription::pre_images);
}

std::string touched_names(const std::vector<Subscription>& subscriptions) {
  std::string result;
  for (const Subscription& subscription : subscriptions) {
    if (!subscription.updates || subscription.fields.empty()) continue;
    std::string fields;
    for (const std::string& field : subscription.fields)
      fields += (fields.empty() ? "" : "|") + touching_one(field);
    result += (result.empty() ? "" : "|") + escaped(subscription.collection) + " (" + fields + ")";
  }
  return result.empty() ? "" : "^(" + result + ")$";
}

std::vector<Subscription> merge_subscriptions(const std::vector<Subscription>& all) {
  std::vector<Subscription> merged;
  for (const Subscription& one : all) {
    auto found = std::ranges::find(merged, one.collection, &Subscription::collection);
    if (found == merged.end()) {
      merged.push_back(one);
      continue;
    }
    found->inserts |= one.inserts;
    found->updates |= one.updates;
    found->deletes |= one.deletes;
    found->pre_images |= one.pre_images;
    for (const std::string& field : one.fields) {
      if (std::ranges::find(found->fields, field) == found->fields.end()) found->fields.push_back(field);
    }
  }
  return merged;
}

void append_stages(bson::Builder& pipeline, const StreamFilter& filter) {
  pipeline.open(pipeline.item()).open("$match");
  append_scope(pipeline, filter);
  append_wanted(pipeline, filter);
  pipeline.close().close();
  if (!filter.with_hash) return;
  pipeline.open(pipeline.item()).open("$addFields");
  append_hash(pipeline, "sluiceHash");
  pipeline.close().close();
}

}  // namespace sluice::source
