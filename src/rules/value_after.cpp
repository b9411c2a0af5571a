#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "bson/builder.hpp"
#include "sluice/event.hpp"
#include "sluice/scratch.hpp"

namespace sluice {

namespace {

bool inside(std::string_view path, std::string_view outer) {
  return path.size() > outer.size() && path.starts_with(outer) && path[outer.size()] == '.';
}

std::optional<std::uint32_t> array_index(std::string_view text) {
  std::uint32_t index = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), index);
  if (end.ec != std::errc{} || end.ptr != text.data() + text.size()) return std::nullopt;
  return index;
}

struct Field;

/// What happened to a value: it was set, or removed, or an array was cut, or something in it changed.
struct Change {
  bson::Value set;
  bool removed = false;
  std::optional<std::uint32_t> new_size;
  std::vector<Field> fields;  ///< in the order of the server's description
  std::unordered_map<std::string_view, std::size_t> by_name;

  Change& at(std::string_view path);
  Field* find(std::string_view name);
};

struct Field {
  std::string_view name;
  Change change;
  bool existed = false;
};

/// The change at a path below this one; made where there is none.
Change& Change::at(std::string_view path) {
  const auto dot = path.find('.');
  const auto name = path.substr(0, dot);
  const auto [known, fresh] = by_name.try_emplace(name, fields.size());
  if (fresh) fields.push_back({name, {}, false});
  Change& next = fields[known->second].change;
  return dot == std::string_view::npos ? next : next.at(path.substr(dot + 1));
}

Field* Change::find(std::string_view name) {
  const auto known = by_name.find(name);
  return known == by_name.end() ? nullptr : &fields[known->second];
}

void write_patched(bson::Builder& out, std::string_view key, const bson::Value& before, Change& change);

std::uint32_t write_existing(bson::Builder& out, const bson::Value& before, Change& change) {
  std::uint32_t count = 0;
  for (const auto& [name, value] : before.document()) {
    if (change.new_size && count >= *change.new_size) break;
    ++count;
    Field* field = change.find(name);
    if (field == nullptr) {
      out.append(name, value);
    } else {
      field->existed = true;
      write_patched(out, name, value, field->change);
    }
  }
  return count;
}

/// Elements past the array's end. The server names each that it sets; those that it skipped are null.
void write_grown(bson::Builder& out, Change& change, std::uint32_t next) {
  std::map<std::uint32_t, Field*> grown;
  for (Field& field : change.fields) {
    const auto index = array_index(field.name);
    if (index && *index >= next && !field.change.removed) grown.emplace(*index, &field);
  }
  for (const auto& [index, field] : grown) {
    for (; next < index; ++next) out.append_null(std::to_string(next));
    write_patched(out, field->name, {}, field->change);
    ++next;
  }
}

void write_patched(bson::Builder& out, std::string_view key, const bson::Value& before, Change& change) {
  if (change.removed) return;
  if (change.set) {
    out.append(key, change.set);
    return;
  }
  const bool is_array = before.is_array();
  is_array ? out.open_array(key) : out.open(key);
  const std::uint32_t count = write_existing(out, before, change);
  if (is_array) {
    write_grown(out, change, count);
  } else {
    for (Field& field : change.fields) {
      if (!field.existed) write_patched(out, field.name, {}, field.change);
    }
  }
  out.close();
}

bson::Value patched(const bson::Value& before, Change& change, Scratch& scratch) {
  if (!change.new_size && change.fields.empty()) return before;
  bson::Builder out;
  write_patched(out, "v", before, change);
  const bson::View built = out.finish();
  const auto kept = scratch.keep({built.data(), built.size()});
  return bson::View(kept.data(), kept.size()).at("v");
}

/// Whether a path leads into an array, where plain paths see nothing.
bool enters_array(bson::View document, std::string_view path) {
  for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    if (document.at_path(path.substr(0, dot)).is_array()) return true;
  }
  return false;
}

/// The change at `key`, if it is at `path` or inside.
Change* change_at(Change& root, std::string_view key, std::string_view path) {
  if (key == path) return &root;
  return inside(key, path) ? &root.at(key.substr(path.size() + 1)) : nullptr;
}

bson::Value after_update(const ChangeEvent& event, std::string_view path, Scratch& scratch) {
  Change change;
  for (const auto& [key, value] : event.update.updated) {
    if (inside(path, key)) {
      const bool open = value.is_document() && !enters_array(event.before, key);
      return open ? value.document().at_path(path.substr(key.size() + 1)) : bson::Value{};
    }
    if (Change* changed = change_at(change, key, path)) changed->set = value;
  }
  for (const auto& [index, value] : event.update.removed) {
    const std::string_view key = value.text();
    if (inside(path, key)) return {};
    if (Change* changed = change_at(change, key, path)) changed->removed = true;
  }
  for (const auto& [index, value] : event.update.truncated) {
    const auto size = static_cast<std::uint32_t>(value.document().at("newSize").integer().value_or(0));
    Change* changed = change_at(change, value.document().at("field").text(), path);
    if (changed != nullptr) changed->new_size = size;
  }
  if (enters_array(event.before, path)) return {};
  if (change.set || change.removed) return change.set;
  return patched(event.before.at_path(path), change, scratch);
}

}  // namespace

bson::Value value_after(const ChangeEvent& event, std::string_view path, Scratch& scratch) {
  if (event.operation == Operation::update) return after_update(event, path, scratch);
  if (event.operation == Operation::remove) return {};
  return event.full_document.at_path(path);
}

}  // namespace sluice
