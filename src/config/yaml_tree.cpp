#include "config/yaml_tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "sluice/settings.hpp"

namespace sluice::config {
namespace {

Place place_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

[[noreturn]] void fail_at(const std::string& file, Place place, const std::string& message) {
  throw ConfigError(place_text(file, place) + ": " + message);
}

/// Copies yaml-cpp's nodes into our own tree, so that nothing else needs to know yaml-cpp, and so that
/// duplicate keys (which yaml-cpp keeps silently) are found in the whole file.
class TreeBuilder {
 public:
  explicit TreeBuilder(const std::string& file) : file_(file) {}

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
      fail_at(file_, place,
              fmt::format("'{}' is stated twice; it stands in line {} already", name, same->place.line));
    }
    map.entries.push_back({name, place, build(node, place, depth + 1)});
  }

  const std::string& file_;
  std::size_t values_ = 0;
};

/// What yaml-cpp says is right, but of its own making; the two commonest slips have plainer words.
std::string explained(const std::string& text, const YAML::Exception& error) {
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line) && number <= error.mark.line + 1; ++number) {
    const std::size_t first = line.find_first_not_of(' ');
    if (first == std::string::npos || line[first] != '\t') continue;
    return fmt::format("line {} is indented with a tab; YAML takes spaces only", number);
  }
  const bool open = error.msg.starts_with("end of ") && error.msg.ends_with(" not found");
  return "this is not valid YAML: " + error.msg +
         (open ? " (is a quote or a bracket above not closed?)" : "");
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
    fail_at(file, place_of(second.mark()),
            "a second document starts here; a file holds one (remove the '---')");
  } catch (const YAML::Exception& error) {
    fail_at(file, place_of(error.mark), explained(text, error));
  }
}

}  // namespace

std::string place_text(std::string_view file, Place place) {
  if (place.line == 0) return std::string(file);
  return fmt::format("{}:{}:{}", file, place.line, place.column);
}

std::string_view kind_text(YamlKind kind) {
  switch (kind) {
    case YamlKind::null:
      return "empty";
    case YamlKind::scalar:
      return "a text";
    case YamlKind::list:
      return "a list";
    case YamlKind::map:
      return "a map";
  }
  return "unknown";
}

std::shared_ptr<const YamlDocument> parse_yaml(const std::string& text, const std::string& file) {
  if (text.size() > kMostYamlBytes) {
    throw ConfigError(fmt::format("{}: the file is larger than {} MiB", file, kMostYamlBytes >> 20));
  }
  const YAML::Node only = load_only(text, file);
  if (only.IsNull()) throw ConfigError(file + ": the file is empty; it must hold a map of settings");
  auto document = std::make_shared<YamlDocument>();
  document->file = file;
  document->top = TreeBuilder(file).build(only, {1, 1}, 0);
  if (document->top.kind != YamlKind::map) {
    fail_at(file, document->top.place,
            fmt::format("the file must hold a map of settings (key: value), not {}",
                        kind_text(document->top.kind)));
  }
  return document;
}

}  // namespace sluice::config
