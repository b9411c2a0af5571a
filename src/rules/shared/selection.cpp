#include "rules/shared/selection.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "config/names.hpp"
#include "rules/registry.hpp"
#include "rules/shared/made.hpp"

namespace sluice::rules {

namespace {

using Paths = std::vector<std::string>;

void read_operations(const Settings& settings, Tells tells, Subscription& out) {
  if (!settings.has("operations")) return;
  std::vector<std::pair<std::string, bool*>> operations{{"insert", &out.inserts},
                                                        {"update", &out.updates},
                                                        {"replace", &out.replaces},
                                                        {"delete", &out.deletes}};
  if (tells == Tells::of_collections) {
    operations.emplace_back("drop", &out.drops);
    operations.emplace_back("rename", &out.renames);
  }
  std::vector<std::string> known;
  for (const auto& [name, wanted] : operations) {
    known.push_back(name);
    *wanted = false;
  }
  const std::vector<std::string> stated = settings.texts("operations");
  if (stated.empty()) settings.fail("operations", "'operations' names no operation");
  for (const std::string& name : stated) {
    const auto found = std::ranges::find(operations, name, &std::pair<std::string, bool*>::first);
    if (found == operations.end() && (name == "drop" || name == "rename")) {
      settings.fail("operations",
                    "'" + name + "' is only for publish and webhook, which can send a message for it");
    }
    if (found == operations.end()) {
      settings.fail("operations", "each item of 'operations' must be " + config::not_among(name, known));
    }
    *found->second = true;
  }
}

void read_fields(const Settings& settings, Subscription& out) {
  out.any_field = !settings.has("fields");
  if (out.any_field) return;
  out.fields = settings.texts("fields");
  if (out.fields.empty()) settings.fail("fields", "'fields' is empty; without it every update counts");
  if (!out.updates)
    settings.fail("fields", "'fields' applies to updates, which 'operations' does not include");
  for (const std::string& field : out.fields) check_path(settings, "fields", field);
}

/// Reads `where` as BSON. Its operators are not checked; only the server interprets them.
void read_where(const Settings& settings, Subscription& out) {
  if (!settings.has("where")) return;
  out.where = bson_of(settings, "where", "where", settings.json("where"));
  const bson::Value expression = bson::View(out.where.data(), out.where.size()).at("where");
  if (!expression.is_document() && !expression.text().starts_with('$')) {
    settings.fail("where",
                  "'where' must be an aggregation expression: a map such as {$eq: [$operationType, "
                  "insert]}, or the path of a field such as $fullDocument.public");
  }
  for (const auto& [name, value] : expression.document()) {
    if (name.starts_with('$')) continue;
    settings.fail("where", "'where' is an aggregation expression, for which a map such as {" +
                               std::string(name) +
                               ": ...} is always true; put conditions on fields under 'when'");
  }
}

/// Reads `when`, a condition in Sluice's language. With `where`, both must hold.
void read_when(const Settings& settings, Subscription& out) {
  if (!settings.has("when")) return;
  const language::Compiled compiled = read_condition(settings, "when");
  const std::string both = settings.has("where")
                               ? R"({"$and": [)" + settings.json("where") + ", " + compiled.json + "]}"
                               : compiled.json;
  out.where = bson_of(settings, "when", "where", both);
  ask_for_images(settings, compiled, out);
}

bool is_index(std::string_view name) {
  return std::ranges::all_of(name, [](char letter) { return letter >= '0' && letter <= '9'; });
}

bool has_index(std::string_view path) {
  while (!path.empty()) {
    const auto dot = path.find('.');
    if (is_index(path.substr(0, dot))) return true;
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  }
  return false;
}

/// Reads a list of paths. Like in the server's $project, a path applies to all elements of an array that it
/// leads through. Of a path inside another one only the outer one is kept.
Paths read_paths(const Settings& settings, std::string_view key) {
  if (!settings.has(key)) return {};
  const Paths stated = settings.texts(key);
  if (stated.empty()) settings.fail(key, "'" + std::string(key) + "' names no field");
  Paths outermost;
  for (const std::string& path : stated) {
    check_path(settings, key, path);
    if (path.find("[]") != std::string::npos || has_index(path)) {
      settings.fail(
          key, "'" + path +
                   "': a path applies to all elements of an array, so it must not contain [] or a number");
    }
    const auto holds_it = [&](const std::string& other) {
      return other != path && (path + ".").starts_with(other + ".");
    };
    const bool known = std::ranges::find(outermost, path) != outermost.end();
    if (!known && std::ranges::none_of(stated, holds_it)) outermost.push_back(path);
  }
  return outermost;
}

void check_paths(const Settings& settings, const Subscription& out) {
  for (const std::string& hidden : out.redacted) {
    if (overlap(hidden, "_id")) {
      settings.fail("redact", "'" + hidden + "': the _id is part of every event and cannot be redacted");
    }
    for (const std::string& shown : out.projected) {
      if ((shown + ".").starts_with(hidden + ".")) {
        settings.fail("project", "'" + shown + "' is redacted by 'redact: " + hidden + "'");
      }
    }
  }
}

FullDocument read_full_document(const Settings& settings) {
  const std::string stated =
      settings.choice("full_document", {"off", "updateLookup", "whenAvailable", "required"}, "off");
  return stated == "updateLookup"    ? FullDocument::look_up
         : stated == "whenAvailable" ? FullDocument::when_available
         : stated == "required"      ? FullDocument::required
                                     : FullDocument::off;
}

BeforeImage read_before(const Settings& settings) {
  const std::string stated = settings.choice("before", {"off", "ifKept", "whenAvailable", "required"}, "off");
  return stated == "ifKept"          ? BeforeImage::if_kept
         : stated == "whenAvailable" ? BeforeImage::when_available
         : stated == "required"      ? BeforeImage::required
                                     : BeforeImage::off;
}

}  // namespace

Subscription read_selection(const Settings& settings, const std::string& collection, Tells tells) {
  Subscription out{.collection = collection, .fields = {}, .exact = true};
  read_operations(settings, tells, out);
  read_fields(settings, out);
  read_where(settings, out);
  out.full_document = read_full_document(settings);
  out.before = read_before(settings);
  read_when(settings, out);
  out.redacted = read_paths(settings, "redact");
  out.projected = read_paths(settings, "project");
  check_paths(settings, out);
  out.ignores_own = settings.choice("own_writes", {"tell", "ignore"}, "tell") == "ignore";
  return out;
}

std::vector<Subscription> read_selections(const Settings& settings,
                                          const std::vector<std::string>& collections, Tells tells) {
  std::vector<Subscription> all;
  for (const std::string& collection : collections) {
    all.push_back(read_selection(settings, collection, tells));
  }
  return all;
}

std::vector<Subscription> read_selections(const Settings& settings, const From& from, Tells tells) {
  if (!from.set) return read_selections(settings, from.names, tells);
  Subscription all = read_selection(settings, from.set->text(), tells);
  all.set = from.set;
  return {std::move(all)};
}

}  // namespace sluice::rules
