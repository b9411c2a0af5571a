#include "rules/shared/collection_names.hpp"

#include <algorithm>
#include <stdexcept>

namespace sluice::rules {

namespace {

/// The reason why a text cannot be the name of a collection; "" if it can.
std::string why_no_collection(const std::string& name) {
  if (name.empty()) return "is empty: set the name of a collection (a text that begins with ! needs quotes)";
  const std::string quoted = "'" + name + "' ";
  if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    return quoted + "cannot be the name of a collection: it contains a control character";
  }
  if (name.find('$') != std::string::npos)
    return quoted + "cannot be the name of a collection: it contains a $";
  if (name.front() == '.' || name.back() == '.') {
    return quoted + "cannot be the name of a collection: it begins or ends with a dot";
  }
  if (name.starts_with("system.")) {
    return quoted + "is one of the server's own collections, which have no change events; name another one";
  }
  return "";
}

/// GridFS keeps its files in NAME.files and NAME.chunks, and NAME may be that of the database.
bool is_of_gridfs(const std::string& name) {
  return name.ends_with(".files") || name.ends_with(".chunks");
}

void check_name(const Settings& settings, std::string_view key, const std::string& name,
                const std::string& database) {
  const std::string why = why_no_collection(name);
  if (!why.empty()) settings.fail(key, name.empty() ? "'" + std::string(key) + "' " + why : why);
  if (name.starts_with(database + ".") && !is_of_gridfs(name)) {
    settings.fail(key, "'" + name + "': a rule names the collections of its stream's database without it; " +
                           "write '" + name.substr(database.size() + 1) +
                           "' (set another database with 'database' or --database)");
  }
}

void check_collection(const Settings& settings, std::string_view key, const std::string& name,
                      const std::string& database) {
  if (is_pattern(name)) {
    settings.fail(key, "'" + name + "' is a pattern, but '" + std::string(key) +
                           "' needs the names of single collections here; patterns are allowed in 'from' of "
                           "publish, webhook, cache and event_store");
  }
  check_name(settings, key, name, database);
}

}  // namespace

std::string collection_name(const Settings& settings, std::string_view key, const std::string& database) {
  std::string name = settings.text(key);
  check_collection(settings, key, name, database);
  return name;
}

std::vector<std::string> collection_names(const Settings& settings, std::string_view key,
                                          const std::string& database) {
  std::vector<std::string> names = settings.one_or_more(key);
  for (const std::string& name : names) check_collection(settings, key, name, database);
  return names;
}

From read_from(const RuleConfig& rule, const std::string& database, std::vector<std::string> hidden) {
  const Settings& settings = rule.settings;
  std::vector<std::string> items = settings.one_or_more("from");
  const bool slash = std::ranges::any_of(items, [](const auto& item) { return item.starts_with('/'); });
  if (!slash && std::ranges::none_of(items, is_pattern)) {
    return {collection_names(settings, "from", database), nullptr};
  }
  for (const std::string& item : items) {
    const std::string name = item.starts_with('!') ? item.substr(1) : item;
    if (!name.starts_with('/')) check_name(settings, "from", name, database);
  }
  hidden.insert(hidden.end(), rule.hidden.begin(), rule.hidden.end());
  try {
    return {{}, std::make_shared<const CollectionSet>(items, hidden)};
  } catch (const std::invalid_argument& error) {
    settings.fail("from", error.what());
  }
}

}  // namespace sluice::rules
