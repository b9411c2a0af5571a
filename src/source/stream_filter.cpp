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

/// {$anyElementTrue: [{$map: {input: {$objectToArray: updatedFields}, in: {$regexMatch: ...}}}]}
void append_updated_matches(bson::Builder& out, const std::string& pattern) {
  out.open("$expr").open_array("$anyElementTrue").open(out.item()).open("$map");
  out.open("input").append("$objectToArray", "$updateDescription.updatedFields").close();
  out.open("in").open("$regexMatch").append("input", "$$this.k").append("regex", pattern).close().close();
  out.close().close().close().close();
}

/// An update of one collection that touches a field that somebody reads.
void append_update_arm(bson::Builder& out, const Subscription& subscription) {
  const std::string pattern = touching(subscription.fields);
  out.open(out.item()).append("operationType", "update").append("ns.coll", subscription.collection);
  out.open_array("$or");
  out.open(out.item());
  append_updated_matches(out, pattern);
  out.close();
  for (const char* list : {"updateDescription.removedFields", "updateDescription.truncatedArrays.field"}) {
    out.open(out.item()).open(list).append("$regex", pattern).close().close();
  }
  out.close().close();
}

template <typename Wants>
std::vector<std::string> collections(const StreamFilter& filter, Wants wants) {
  std::vector<std::string> names;
  for (const Subscription& subscription : filter.subscriptions) {
    if (wants(subscription)) names.push_back(subscription.collection);
  }
  return names;
}

void append_operation_arm(bson::Builder& out, const std::vector<std::string>& operations,
                          const std::vector<std::string>& names) {
  if (names.empty()) return;
  out.open(out.item()).open("operationType");
  append_list(out, "$in", operations);
  out.close().open("ns.coll");
  append_list(out, "$in", names);
  out.close().close();
}

void append_hash(bson::Builder& out, std::string_view key) {
  out.open(key)
      .open("$abs")
      .open("$toLong")
      .append("$toHashedIndexKey", "$documentKey._id")
      .close()
      .close()
      .close();
}

void append_shard(bson::Builder& out, const StreamFilter& filter) {
  if (filter.shard_count == 1) return;
  out.open("$expr").open_array("$eq").open(out.item()).open_array("$mod");
  append_hash(out, out.item());
  out.append(out.item(), filter.shard_count).close().close();
  out.append(out.item(), filter.shard_index).close().close();
}

/// Changes of documents: those that a rule wants, of this shard.
void append_documents_arm(bson::Builder& out, const StreamFilter& filter) {
  out.open(out.item());
  append_shard(out, filter);
  out.open_array("$or");
  append_operation_arm(out, {"insert", "replace"},
                       collections(filter, [](const auto& s) { return s.inserts; }));
  append_operation_arm(out, {"delete"}, collections(filter, [](const auto& s) { return s.deletes; }));
  for (const Subscription& subscription : filter.subscriptions) {
    if (subscription.updates && !subscription.fields.empty()) append_update_arm(out, subscription);
  }
  out.close().close();
}

/// What happens to whole collections reaches every shard: none may sleep through it.
void append_control_arms(bson::Builder& out, const StreamFilter& filter) {
  const auto all = collections(filter, [](const auto&) { return true; });
  append_operation_arm(out, {"drop", "rename"}, all);
  out.open(out.item()).append("operationType", "rename").open("to.coll");
  append_list(out, "$in", all);
  out.close().close();
  out.open(out.item()).open("operationType");
  append_list(out, "$in", {"dropDatabase", "invalidate"});
  out.close().close();
}

}  // namespace

bool StreamFilter::needs_pre_images() const {
  return std::ranges::any_of(subscriptions, &Subscription::pre_images);
}

std::string touching(const std::vector<std::string>& fields) {
  std::string result;
  for (const std::string& field : fields) result += (result.empty() ? "" : "|") + touching_one(field);
  return "^(" + result + ")$";
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
  pipeline.open(pipeline.item()).open("$match").open_array("$or");
  append_documents_arm(pipeline, filter);
  append_control_arms(pipeline, filter);
  pipeline.close().close().close();
  if (!filter.with_hash) return;
  pipeline.open(pipeline.item()).open("$addFields");
  append_hash(pipeline, "sluiceHash");
  pipeline.close().close();
}

}  // namespace sluice::source
