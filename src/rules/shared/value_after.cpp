#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "rules/shared/update_names.hpp"
#include "sluice/arena.hpp"
#include "sluice/bson_builder.hpp"
#include "sluice/event.hpp"

namespace sluice {

namespace {

using bson::Components;

/// More levels than the server allows in a document (100, and a few more internally).
constexpr std::size_t max_nested = 200;

std::optional<std::uint32_t> array_index(std::string_view text) {
  std::uint32_t index = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), index);
  if (end.ec != std::errc{} || end.ptr != text.data() + text.size()) return std::nullopt;
  return index;
}

bool holds_values(const bson::Value& value) {
  return value.is_document() || value.is_array();
}

struct Field;

/// The change of a value: it was set, it was removed, an array was truncated, or something inside it changed.
struct Change {
  bson::Value set;
  bool removed = false;
  bool placed = false;  ///< already applied, to a field with dots in its name
  std::optional<std::uint32_t> new_size;
  std::vector<Field> fields;  ///< in the order of the server's description
  std::unordered_map<std::string_view, std::size_t> by_name;

  Change& at(const Components& components, std::size_t from);
  Field* find(std::string_view name);
  Change* below(std::string_view dotted_name);
  bool has_placed() const;
  bool any() const { return set || removed || new_size || !fields.empty(); }
  bool pending() const;
};

struct Field {
  std::string_view name;
  Change change;
  bool existed = false;
};

/// The change at the components from `from` on, below this one. Created if there is none.
Change& Change::at(const Components& components, std::size_t from) {
  Change* change = this;
  for (; from < components.size(); ++from) {
    const auto [known, fresh] = change->by_name.try_emplace(components[from], change->fields.size());
    if (fresh) change->fields.push_back({components[from], {}, false});
    change = &change->fields[known->second].change;
  }
  return *change;
}

Field* Change::find(std::string_view name) {
  const auto known = by_name.find(name);
  return known == by_name.end() ? nullptr : &fields[known->second];
}

/// The change that a name, read as a path, leads to; null if there is none.
Change* Change::below(std::string_view dotted_name) {
  Change* change = this;
  for (const std::string_view component : bson::split_path(dotted_name, max_nested)) {
    Field* field = change->find(component);
    if (field == nullptr) return nullptr;
    change = &field->change;
    if (change->placed) break;
  }
  return change;
}

bool Change::has_placed() const {
  return placed || std::ranges::any_of(fields, [](const Field& field) { return field.change.has_placed(); });
}

/// Whether any part of the change is not applied yet.
bool Change::pending() const {
  if (placed) return false;
  return set || removed || new_size ||
         std::ranges::any_of(fields, [](const Field& field) { return field.change.pending(); });
}

/// Writes a value with its changes. In the description a dotted name looks like a path. If the server does
/// not distinguish them, the value before the change usually shows which is meant; otherwise the result is
/// not clear().
class Patch {
 public:
  explicit Patch(bool names_are_exact) : exact_(names_are_exact) {}

  bson::View write(const bson::Value& before, Change& change) {
    patched("v", before, change);
    return out_.finish();
  }
  bool clear() const { return clear_; }

 private:
  void patched(std::string_view key, const bson::Value& before, Change& change) {
    if (change.removed) return;
    if (change.set) {
      out_.append(key, change.set);
    } else if (!holds_values(before)) {
      clear_ = clear_ && !change.pending();
      if (before) out_.append(key, before);
    } else if (before.is_array()) {
      out_.open_array(key);
      grown(change, existing(before, change));
      out_.close();
    } else {
      clear_ = clear_ && !change.new_size;
      out_.open(key);
      if (!exact_) place_dotted_names(before.document(), change);
      existing(before, change);
      for (Field& field : change.fields) {
        if (!field.existed && field.change.pending()) patched(field.name, {}, field.change);
      }
      out_.close();
    }
  }

  /// Applies changes to fields with dots in their names, if the description's name cannot be the path of the
  /// same text. If both are possible, the value is unclear.
  void place_dotted_names(bson::View before, Change& change) {
    for (const auto& [name, value] : before) {
      if (name.find('.') == std::string_view::npos) continue;
      Change* meant = change.below(name);
      if (meant == nullptr || !meant->any()) continue;
      if (meant->has_placed()) clear_ = false;  // two dotted names, one of which begins with the other
      if (rules::leads(before, bson::split_path(name, max_nested))) {
        clear_ = false;
        continue;
      }
      Change taken = *meant;
      meant->placed = true;
      const auto [known, fresh] = change.by_name.try_emplace(name, change.fields.size());
      if (fresh) change.fields.push_back({name, std::move(taken), false});
    }
  }

  std::uint32_t existing(const bson::Value& before, Change& change) {
    std::uint32_t count = 0;
    for (const auto& [name, value] : before.document()) {
      if (change.new_size && count >= *change.new_size) break;
      ++count;
      Field* field = change.find(name);
      if (field == nullptr) {
        out_.append(name, value);
      } else {
        field->existed = true;
        patched(name, value, field->change);
      }
    }
    return count;
  }

  /// Appends elements past the array's end. The description names each element that was set; those in between
  /// are null.
  void grown(Change& change, std::uint32_t next) {
    std::map<std::uint32_t, Field*> grown;
    for (Field& field : change.fields) {
      if (field.existed || !field.change.pending()) continue;
      const auto index = array_index(field.name);
      const bool new_element = index && *index >= next && field.change.set;
      if (new_element) grown.emplace(*index, &field);
      const bool cut_off = change.new_size && index && *index >= *change.new_size;
      clear_ = clear_ && (new_element || cut_off);
    }
    for (const auto& [index, field] : grown) {
      if (index - next > most_skipped) {
        clear_ = false;
        return;
      }
      for (; next < index; ++next) out_.append_null(std::to_string(next));
      patched(field->name, {}, field->change);
      ++next;
    }
  }

  static constexpr std::uint32_t most_skipped = 1'500'000;  // the server's own limit

  bool exact_;
  bool clear_ = true;
  bson::Builder out_;
};

/// Whether a path leads through an array, where a plain path has no value.
bool enters_array(bson::View document, std::string_view path) {
  for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    if (document.at_path(path.substr(0, dot)).is_array()) return true;
  }
  return false;
}

/// Applies an update to the value at one path. The update may set a document that contains the value, the
/// value itself, or something inside it.
class UpdateAt {
 public:
  UpdateAt(const ChangeEvent& event, std::string_view path)
      : event_(event), path_(path), names_(event, path) {}

  std::optional<bson::Value> value(Arena& arena) {
    for (const auto& [key, value] : event_.update.updated) {
      Change* change = change_at(key);
      if (above_) return value_inside(key, value);
      if (change != nullptr && change->set) names_.came_twice();
      if (change != nullptr) change->set = value;
    }
    for (const auto& [index, value] : event_.update.removed) {
      Change* change = change_at(value.text());
      if (above_) return bson::Value{};
      if (change != nullptr) change->removed = true;
    }
    for (const auto& [index, value] : event_.update.truncated) {
      const auto size = value.document().at("newSize").integer().value_or(0);
      Change* change = change_at(value.document().at("field").text());
      if (change != nullptr) change->new_size = static_cast<std::uint32_t>(size);
    }
    if (names_.unclear()) return std::nullopt;
    if (enters_array(event_.before, path_)) return bson::Value{};
    if (change_.set || change_.removed) return change_.set;
    return patched(arena);
  }

 private:
  /// The change for the name `key`, if that is the path or inside it; otherwise null. Sets `above_` to
  /// whether `key` contains the path.
  Change* change_at(std::string_view key) {
    above_ = false;
    const auto components = names_.read(key, max_nested);
    if (!components) return nullptr;
    above_ = components->size() < names_.depth();
    return above_ ? nullptr : &change_.at(*components, names_.depth());
  }

  std::optional<bson::Value> value_inside(std::string_view key, const bson::Value& value) const {
    if (names_.unclear()) return std::nullopt;
    const bool open = value.is_document() && !enters_array(event_.before, key);
    return open ? value.document().at_path(path_.substr(key.size() + 1)) : bson::Value{};
  }

  std::optional<bson::Value> patched(Arena& arena) {
    const bson::Value before = event_.before.at_path(path_);
    if (!change_.any()) return before;
    Patch patch(names_.exact());
    const bson::View built = patch.write(before, change_);
    if (!patch.clear()) return std::nullopt;
    const auto kept = arena.keep({built.data(), built.size()});
    return bson::View(kept.data(), kept.size()).at("v");
  }

  const ChangeEvent& event_;
  std::string_view path_;
  rules::UpdateNames names_;
  Change change_;
  bool above_ = false;
};

}  // namespace

std::optional<bson::Value> value_after(const ChangeEvent& event, std::string_view path, Arena& arena) {
  if (event.operation == Operation::update) return UpdateAt(event, path).value(arena);
  if (event.operation == Operation::remove) return bson::Value{};
  return event.full_document.at_path(path);
}

}  // namespace sluice
