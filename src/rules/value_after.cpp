#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "bson/builder.hpp"
#include "sluice/event.hpp"
#include "sluice/scratch.hpp"

namespace sluice {

namespace {

/// One change below the path that is asked for. Neither a value nor a size: the field was removed.
struct Change {
  std::string_view path;
  bson::Value value;
  std::optional<std::uint32_t> new_size;
};
using Changes = std::vector<Change>;

bool inside(std::string_view path, std::string_view outer) {
  return path.size() > outer.size() && path.starts_with(outer) && path[outer.size()] == '.';
}

std::optional<std::uint32_t> array_index(std::string_view text) {
  std::uint32_t index = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), index);
  if (end.ec != std::errc{} || end.ptr != text.data() + text.size()) return std::nullopt;
  return index;
}

/// The changes that lie below `key`, seen from there.
Changes below(const Changes& changes, std::string_view key) {
  Changes result;
  for (const Change& change : changes) {
    if (change.path == key) {
      result.push_back({"", change.value, change.new_size});
    } else if (inside(change.path, key)) {
      result.push_back({change.path.substr(key.size() + 1), change.value, change.new_size});
    }
  }
  return result;
}

std::optional<std::uint32_t> truncation(const Changes& changes) {
  for (const Change& change : changes) {
    if (change.path.empty() && change.new_size) return change.new_size;
  }
  return std::nullopt;
}

void write_patched(bson::Builder& out, std::string_view key, const bson::Value& before,
                   const Changes& changes);

void write_existing(bson::Builder& out, const bson::Value& before, const Changes& changes,
                    std::vector<std::string_view>& seen) {
  const auto size = truncation(changes);
  std::uint32_t position = 0;
  for (const auto& [name, value] : before.document()) {
    if (size && position++ >= *size) break;
    seen.push_back(name);
    const Changes deeper = below(changes, name);
    if (deeper.empty()) {
      out.append(name, value);
    } else {
      write_patched(out, name, value, deeper);
    }
  }
}

/// Fields and elements that were not there before. An array grows in order of its indexes: the server names
/// each element that it sets past the end, and those it skipped are null.
void write_new(bson::Builder& out, bool is_array, const Changes& changes,
               std::vector<std::string_view>& seen) {
  auto next = static_cast<std::uint32_t>(seen.size());
  for (const Change& change : changes) {
    const std::string_view name = change.path.substr(0, change.path.find('.'));
    if (name.empty() || std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
    seen.push_back(name);
    if (is_array) {
      const auto index = array_index(name).value_or(next);
      for (; next < index; ++next) out.append_null(std::to_string(next));
      ++next;
    }
    write_patched(out, name, {}, below(changes, name));
  }
}

void write_patched(bson::Builder& out, std::string_view key, const bson::Value& before,
                   const Changes& changes) {
  if (changes.size() == 1 && changes[0].path.empty() && !changes[0].new_size) {
    if (changes[0].value) out.append(key, changes[0].value);
    return;
  }
  const bool is_array = before.is_array();
  is_array ? out.open_array(key) : out.open(key);
  std::vector<std::string_view> seen;
  write_existing(out, before, changes, seen);
  write_new(out, is_array, changes, seen);
  out.close();
}

bson::Value patched(const bson::Value& before, const Changes& changes, Scratch& scratch) {
  bson::Builder out;
  write_patched(out, "v", before, changes);
  const bson::View built = out.finish();
  const auto kept = scratch.keep({built.data(), built.size()});
  return bson::View(kept.data(), kept.size()).at("v");
}

bson::Value after_update(const ChangeEvent& event, std::string_view path, Scratch& scratch) {
  Changes changes;
  for (const auto& [key, value] : event.update.updated) {
    if (key == path) return value;
    if (inside(path, key)) return value.document().at_path(path.substr(key.size() + 1));
    if (inside(key, path)) changes.push_back({key.substr(path.size() + 1), value, {}});
  }
  for (const auto& [index, value] : event.update.removed) {
    const std::string_view key = value.text();
    if (key == path || inside(path, key)) return {};
    if (inside(key, path)) changes.push_back({key.substr(path.size() + 1), {}, {}});
  }
  for (const auto& [index, value] : event.update.truncated) {
    const std::string_view key = value.document().at("field").text();
    const auto size = static_cast<std::uint32_t>(value.document().at("newSize").integer().value_or(0));
    if (key == path) changes.push_back({"", {}, size});
    if (inside(key, path)) changes.push_back({key.substr(path.size() + 1), {}, size});
  }
  const bson::Value before = event.before.at_path(path);
  return changes.empty() ? before : patched(before, changes, scratch);
}

}  // namespace

bson::Value value_after(const ChangeEvent& event, std::string_view path, Scratch& scratch) {
  if (event.operation == Operation::update) return after_update(event, path, scratch);
  if (event.operation == Operation::remove) return {};
  return event.full_document.at_path(path);
}

}  // namespace sluice
