#include "source/stream_detail.hpp"

#include <algorithm>
#include <set>

#include "source/field_path.hpp"

namespace sluice::source {

namespace {

constexpr const char* before = "fullDocumentBeforeChange";

bool inside(const std::string& path, const std::string& outer) {
  return path.size() > outer.size() && path.starts_with(outer) && path[outer.size()] == '.';
}

/// The paths that rules read, of all collections together. The server refuses a path together with one inside
/// it, so only the outer one is kept.
std::vector<std::string> paths_read(const std::vector<Subscription>& subscriptions) {
  std::set<std::string> all;
  for (const Subscription& subscription : subscriptions) {
    for (const std::string& field : subscription.fields) all.insert(without_brackets(field));
  }
  std::vector<std::string> outermost;
  for (const std::string& path : all) {
    const bool held = std::ranges::any_of(all, [&](const std::string& other) { return inside(path, other); });
    if (!held) outermost.push_back(path);
  }
  return outermost;
}

void append_documents(bson::Builder& out, const std::vector<std::string>& paths, bool pre_images) {
  for (const std::string& path : paths) {
    out.append("fullDocument." + path, 1);
    if (pre_images) out.append(before + ("." + path), 1);
  }
}

/// Keeps only those names of the update's description that touch a path that is read.
void append_update(bson::Builder& out, const StreamFilter& filter) {
  out.open("updateDescription").open_array("$cond");
  out.open(out.item()).open_array("$eq").append(out.item(), "$operationType").append(out.item(), "update");
  out.close().close().open(out.item());
  out.open("updatedFields").open("$arrayToObject").open("$filter");
  out.open("input").append("$objectToArray", "$updateDescription.updatedFields").close();
  out.open("cond");
  append_touches(out, filter.subscriptions, "$$this.k");
  out.close().close().close().close();
  out.open("removedFields").open("$filter").append("input", "$updateDescription.removedFields");
  out.open("cond");
  append_touches(out, filter.subscriptions, "$$this");
  out.close().close().close();
  out.append("truncatedArrays", "$updateDescription.truncatedArrays");
  out.append("disambiguatedPaths", "$updateDescription.disambiguatedPaths").close();
  out.append(out.item(), "$$REMOVE").close().close();
}

/// Whether the document at `path`, in the pre-image, has a field name with a dot in it.
void append_has_dotted_name(bson::Builder& out, const std::string& path) {
  const std::string value = "$" + path;
  out.open(out.item()).open_array("$anyElementTrue").open(out.item()).open("$map");
  out.open("input").open("$objectToArray").open_array("$cond");
  out.open(out.item()).open_array("$eq").open(out.item()).append("$type", value).close();
  out.append(out.item(), "object").close().close();
  out.append(out.item(), value).open(out.item()).close().close().close().close();
  out.open("in").open_array("$gte").open(out.item()).open_array("$indexOfBytes");
  out.append(out.item(), "$$this.k").append(out.item(), ".").close().close();
  out.append(out.item(), 0).close().close();
  out.close().close().close().close();
}

/// Adds sluiceDottedNames: whether any document on the way to a path that is read has a field name with a
/// dot. Computed on the server, because the projection removes these documents' other names.
void append_dotted_names(bson::Builder& out, const std::vector<std::string>& paths) {
  std::set<std::string> holders{before};
  for (const std::string& path : paths) {
    for (auto dot = path.find('.'); dot != std::string::npos; dot = path.find('.', dot + 1))
      holders.insert(before + ("." + path.substr(0, dot)));
  }
  out.open("sluiceDottedNames").open_array("$or");
  for (const std::string& holder : holders) append_has_dotted_name(out, holder);
  out.close().close();
}

}  // namespace

void append_detail(bson::Builder& pipeline, const StreamFilter& filter) {
  if (filter.detail == Detail::whole) return;
  pipeline.open(pipeline.item()).open("$project");
  for (const char* name : {"operationType", "clusterTime", "wallTime", "ns", "to", "documentKey"})
    pipeline.append(name, 1);
  if (filter.with_session) pipeline.append("lsid", 1);
  if (!filter.judged.empty()) pipeline.append("sluiceWants", 1);
  pipeline.open("sluiceDetail").append("$literal", filter.detail == Detail::needed ? 1 : 2).close();
  if (filter.detail == Detail::needed) {
    const std::vector<std::string> paths = paths_read(filter.subscriptions);
    append_documents(pipeline, paths, filter.needs_pre_images());
    append_update(pipeline, filter);
    if (filter.needs_pre_images()) append_dotted_names(pipeline, paths);
  }
  pipeline.close().close();
}

}  // namespace sluice::source
