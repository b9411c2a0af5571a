#include "config/yaml_tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "config/yaml_json.hpp"
#include "sluice/settings.hpp"

namespace sluice::config {
namespace {

Place place_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

[[noreturn]] void fail_at(const std::string& file, Place place, const std::string& message) {
  throw PlacedError({file, place.line, place.column, message});
}

/// Where `word` stands next, from a place on; that place where it does not stand as it is (a text in quotes
/// may hold escapes).
Place place_of_word(const std::string& text, Place from, const std::string& word) {
  std::size_t at = 0;
  for (int line = 1; line < from.line && at != std::string::npos; ++line) {
    at = text.find('\n', at);
    if (at != std::string::npos) ++at;
  }
  if (at == std::string::npos || from.line == 0) return from;
  const std::size_t found = text.find(word, at + static_cast<std::size_t>(from.column) - 1);
  if (found == std::string::npos) return from;
  const std::size_t start = found == 0 ? std::string::npos : text.rfind('\n', found - 1);
  const auto lines = std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                                text.begin() + static_cast<std::ptrdiff_t>(found), '\n');
  return {from.line + static_cast<int>(lines),
          static_cast<int>(start == std::string::npos ? found + 1 : found - start)};
}

/// Copies yaml-cpp's nodes into our own tree, so that nothing else needs to know yaml-cpp, and so that
/// duplicate keys (which yaml-cpp keeps silently) are found in the whole file. Replaces variables.
class TreeBuilder {
 public:
  TreeBuilder(const std::string& file, const std::string& source, const Variables* variables)
      : file_(file), source_(source), variables_(variables) {}

  /// Every problem that the tree could be built in spite of.
  Problems problems;

  YamlValue build(const YAML::Node& node, Place around, std::size_t depth) {
    YamlValue value;
    value.place = place_of(node.Mark());
    // An absent value has no place of its own, or one on a later line: its key's place serves the reader
    // better.
    if (value.place.line == 0 || node.IsNull()) value.place = around;
    if (++values_ > kMostYamlValues) fail_at(file_, value.place, "the file holds too many values");
    if (depth > kMostYamlDepth) fail_at(file_, value.place, "the values are nested too deeply");
    if (node.IsScalar()) {
      value.kind = YamlKind::scalar;
      value.text = node.Scalar();
      value.quoted = node.Tag() == "!";
      if (variables_ != nullptr && value.text.find('$') != std::string::npos) expand_in(value);
    } else if (node.IsSequence()) {
      value.kind = YamlKind::list;
      for (const auto& item : node) value.items.push_back(build(item, value.place, depth + 1));
    } else if (node.IsMap()) {
      value.kind = YamlKind::map;
      for (const auto& pair : node) add_entry(value, pair.first, pair.second, depth);
    }
    return value;
  }

 private:
  void add_entry(YamlValue& map, const YAML::Node& key, const YAML::Node& node, std::size_t depth) {
    Place place = place_of(key.Mark());
    if (place.line == 0) place = map.place;
    if (!key.IsScalar()) fail_at(file_, place, "a key must be a text");
    const std::string& name = key.Scalar();
    const auto same = std::find_if(map.entries.begin(), map.entries.end(),
                                   [&](const YamlEntry& entry) { return entry.key == name; });
    if (same != map.entries.end()) {
      problems.push_back(
          {file_, place.line, place.column,
           fmt::format("'{}' is stated twice; it stands in line {} already", name, same->place.line)});
      return;
    }
    map.entries.push_back({name, place, build(node, place, depth + 1)});
  }

  void expand_in(YamlValue& value) {
    Expanded expanded = expand(value.text, *variables_);
    if (!expanded.problem.empty()) {
      const std::size_t end = value.text.find_first_of(":}\n", expanded.problem_at);
      const Place place = place_of_word(source_, value.place,
                                        value.text.substr(expanded.problem_at, end - expanded.problem_at));
      problems.push_back({file_, place.line, place.column, expanded.problem});
      return;
    }
    expanded_bytes_ += expanded.text.size();
    if (expanded_bytes_ > kMostYamlBytes) fail_at(file_, value.place, "the variables' values are too large");
    value.expanded = expanded.text != value.text;
    value.text = std::move(expanded.text);
    if (expanded.expression != value.text) value.expression = std::move(expanded.expression);
  }

  const std::string& file_;
  const std::string& source_;
  const Variables* variables_;
  std::size_t values_ = 0;
  std::size_t expanded_bytes_ = 0;
};

/// Finds the first line whose indentation fits no block above it. For block style without texts of several
/// lines; asked only of texts that are not valid YAML.
class Indentation {
 public:
  /// What is wrong with the next line, in words; "" where nothing is.
  std::string look_at(std::string line) {
    ++number_;
    line.resize(line.find_last_not_of(" \r") + 1);
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || line[indent] == '#') return {};
    std::string wrong = fits(indent);
    enter(line, indent);
    return wrong;
  }
  int line() const { return number_; }

 private:
  std::string fits(std::size_t indent) {
    if (opens_.empty()) return {};
    if (indent > opens_.back()) {
      if (opened_) return {};
      return fmt::format(
          "line {} is indented by {}, more than the line above, which opens no block (by a ':' at its end); "
          "lines of "
          "one block are indented alike",
          number_, counted(indent));
    }
    std::size_t deeper = opens_.back();
    for (; !opens_.empty() && opens_.back() > indent; opens_.pop_back()) deeper = opens_.back();
    if (!opens_.empty() && opens_.back() == indent) return {};
    if (opens_.empty()) {
      return fmt::format("line {} is indented by {}, less than the lines above, which begin at {}", number_,
                         counted(indent), counted(deeper));
    }
    const std::size_t outer = opens_.back();
    return fmt::format(
        "line {} is indented by {}, which fits no block above: those are indented by {} and {}", number_,
        counted(indent), outer, deeper);
  }

  /// What the line begins: an item behind each dash, and a block where it ends with a colon.
  void enter(const std::string& line, std::size_t at) {
    if (opens_.empty() || opens_.back() < at) opens_.push_back(at);
    while (line.compare(at, 2, "- ") == 0) {
      at = line.find_first_not_of(' ', at + 1);
      opens_.push_back(at);
    }
    opened_ = line.ends_with(':') || line.ends_with('-') || line.ends_with('|') || line.ends_with('>');
  }

  static std::string counted(std::size_t spaces) {
    return std::to_string(spaces) + (spaces == 1 ? " space" : " spaces");
  }

  std::vector<std::size_t> opens_;  ///< where the blocks around the line begin, the innermost last
  bool opened_ = false;             ///< the line above begins a block
  int number_ = 0;
};

struct Explained {
  Place place;
  std::string text;
};

/// Of indentation that fits nowhere, up to the line behind the one that yaml-cpp points to.
std::optional<Explained> odd_indentation(const std::string& text, const YAML::Mark& mark) {
  Indentation indentation;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && indentation.line() <= mark.line + 1;) {
    const std::string wrong = indentation.look_at(line);
    if (wrong.empty()) continue;
    return Explained{{indentation.line(), static_cast<int>(line.find_first_not_of(' ')) + 1}, wrong};
  }
  return std::nullopt;
}

/// What yaml-cpp says is right, but of its own making; the commonest slips have plainer words.
Explained explained(const std::string& text, const YAML::Exception& error) {
  const Place place = place_of(error.mark);
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line) && number <= error.mark.line + 1; ++number) {
    const std::size_t first = line.find_first_not_of(' ');
    if (first == std::string::npos || line[first] != '\t') continue;
    return {place, fmt::format("line {} is indented with a tab; YAML takes spaces only", number)};
  }
  if (auto odd = odd_indentation(text, error.mark)) return *std::move(odd);
  const bool open = error.msg.starts_with("end of ") && error.msg.ends_with(" not found");
  const bool star = error.msg.starts_with("alias not found");
  return {place, "this is not valid YAML: " + error.msg +
                     (open   ? " (is a quote or a bracket above not closed?)"
                      : star ? " (a text that begins with * needs quotes)"
                             : "")};
}

/// Where the value of a document begins.
class PlaceOfDocument final : public YAML::EventHandler {
 public:
  const YAML::Mark& mark() const { return mark_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    mark_ = mark;
    begun_ = false;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { note(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { note(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t, const std::string&) override {
    note(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    note(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    note(mark);
  }
  void OnMapEnd() override {}

 private:
  void note(const YAML::Mark& mark) {
    if (!std::exchange(begun_, true)) mark_ = mark;
  }

  YAML::Mark mark_;
  bool begun_ = false;
};

/// The one document of the file. Not read with the others, if there are any: of a text like ",a" yaml-cpp
/// makes documents without end, each empty and at the same place.
YAML::Node load_only(const std::string& text, const std::string& file) {
  try {
    YAML::Node only = YAML::Load(text);
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    PlaceOfDocument first;
    PlaceOfDocument second;
    if (!parser.HandleNextDocument(first) || !parser.HandleNextDocument(second)) return only;
    if (second.mark().pos == first.mark().pos)
      fail_at(file, place_of(second.mark()), "this is not valid YAML");
    if (const auto odd = odd_indentation(text, second.mark())) fail_at(file, odd->place, odd->text);
    fail_at(file, place_of(second.mark()),
            "a second document starts here; a file holds one (remove the '---')");
  } catch (const YAML::Exception& error) {
    const Explained what = explained(text, error);
    fail_at(file, what.place, what.text);
  }
}

}  // namespace

/// A list's first item stands where the list does, and is the smaller.
bool cut(YamlValue& value, Place place) {
  for (auto item = value.items.begin(); item != value.items.end(); ++item) {
    if (cut(*item, place)) return true;
    if (item->place != place) continue;
    value.items.erase(item);
    return true;
  }
  for (auto entry = value.entries.begin(); entry != value.entries.end(); ++entry) {
    if (entry->place != place && cut(entry->value, place)) return true;
    if (entry->place != place && entry->value.place != place) continue;
    value.entries.erase(entry);
    return true;
  }
  return false;
}

namespace {

bool stands_in(const YamlValue& value, Place place) {
  if (value.place == place) return true;
  const auto in_item = [&](const YamlValue& item) { return stands_in(item, place); };
  const auto in_entry = [&](const YamlEntry& entry) {
    return entry.place == place || stands_in(entry.value, place);
  };
  return std::ranges::any_of(value.items, in_item) || std::ranges::any_of(value.entries, in_entry);
}

}  // namespace

bool holds(const YamlValue& value, Place outer, Place inner) {
  for (const YamlValue& item : value.items) {
    if ((item.place == outer && stands_in(item, inner)) || holds(item, outer, inner)) return true;
  }
  for (const YamlEntry& entry : value.entries) {
    const bool here = entry.place == outer && (entry.place == inner || stands_in(entry.value, inner));
    if (here || holds(entry.value, outer, inner)) return true;
  }
  return false;
}

std::string place_text(std::string_view file, Place place) {
  if (place.line == 0) return std::string(file);
  return fmt::format("{}:{}:{}", file, place.line, place.column);
}

bool is_text(const YamlValue& value) {
  return value.kind == YamlKind::scalar && (value.quoted || value.expanded || !is_json_word(value.text));
}

std::string_view kind_text(const YamlValue& value) {
  switch (value.kind) {
    case YamlKind::null:
      return "empty";
    case YamlKind::scalar:
      if (is_text(value)) return "a text";
      return value.text == "true" ? "true" : value.text == "false" ? "false" : "a number";
    case YamlKind::list:
      return "a list";
    case YamlKind::map:
      return "a map";
  }
  return "unknown";
}

std::shared_ptr<const YamlDocument> parse_yaml(const std::string& text, const std::string& file,
                                               const Variables* variables) {
  if (text.size() > kMostYamlBytes) {
    fail_at(file, {}, fmt::format("the file is larger than {} MiB", kMostYamlBytes >> 20));
  }
  const YAML::Node only = load_only(text, file);
  if (only.IsNull()) fail_at(file, {}, "the file is empty; it must hold a map of settings");
  auto document = std::make_shared<YamlDocument>();
  document->file = file;
  TreeBuilder builder(file, text, variables);
  document->top = builder.build(only, {1, 1}, 0);
  document->problems = std::move(builder.problems);
  if (document->top.kind != YamlKind::map) {
    fail_at(
        file, document->top.place,
        fmt::format("the file must hold a map of settings (key: value), not {}", kind_text(document->top)));
  }
  return document;
}

}  // namespace sluice::config
