#pragma once

#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sluice/bson_builder.hpp"

namespace sluice::test {

/// A tiny model of documents and of the updates that the server applies to them.
struct Node {
  enum class Kind { number, null, document, array } kind = Kind::null;
  int number = 0;
  std::vector<std::pair<std::string, Node>> fields;  ///< of a document, in order
  std::vector<Node> elements;                        ///< of an array
  std::set<std::string> gone;  ///< names that this update removed and must not bring back

  friend bool operator==(const Node& a, const Node& b) {
    return a.kind == b.kind && a.number == b.number && a.fields == b.fields && a.elements == b.elements;
  }
  const Node* find(const std::string& name) const {
    for (const auto& [key, node] : fields) {
      if (key == name) return &node;
    }
    return nullptr;
  }
};

inline void append(bson::Builder& out, std::string_view key, const Node& node) {
  switch (node.kind) {
    case Node::Kind::number:
      out.append(key, node.number);
      break;
    case Node::Kind::null:
      out.append_null(key);
      break;
    case Node::Kind::document:
      out.open(key);
      for (const auto& [name, field] : node.fields) append(out, name, field);
      out.close();
      break;
    case Node::Kind::array:
      out.open_array(key);
      for (const Node& element : node.elements) append(out, out.item(), element);
      out.close();
      break;
  }
}

/// Makes documents and changes them at random.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : Generator(seed, {std::begin(names), std::end(names)}) {}
  Generator(std::uint64_t seed, std::vector<std::string> own_names)
      : random_(seed), own_names_(std::move(own_names)) {}

  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  std::string name() { return own_names_[below(static_cast<unsigned>(own_names_.size()))]; }

  Node node(int depth) {
    Node made;
    const unsigned what = below(depth > 0 ? 10 : 5);
    made.kind = what < 4   ? Node::Kind::number
                : what < 5 ? Node::Kind::null
                : what < 8 ? Node::Kind::document
                           : Node::Kind::array;
    if (made.kind == Node::Kind::number) made.number = static_cast<int>(below(5));
    if (made.kind == Node::Kind::document) fill(made, depth);
    if (made.kind == Node::Kind::array) {
      for (unsigned i = below(5); i > 0; --i) made.elements.push_back(node(depth - 1));
    }
    return made;
  }

  Node document(int depth) {
    Node made;
    made.kind = Node::Kind::document;
    fill(made, depth);
    return made;
  }

  /// One random operation somewhere in the document.
  void change(Node& node) {
    if (node.kind == Node::Kind::document) return change_document(node);
    if (node.kind == Node::Kind::array) return change_array(node);
    node = this->node(2);
  }

  static constexpr const char* names[] = {"a", "b", "c", "ab", "0", "1"};

 private:
  void fill(Node& document, int depth) {
    for (const std::string& name : own_names_) {
      if (below(2) == 0) document.fields.emplace_back(name, node(depth - 1));
    }
  }

  void change_document(Node& node) {
    const std::string name = this->name();
    const auto found = std::find_if(node.fields.begin(), node.fields.end(),
                                    [&](const auto& field) { return field.first == name; });
    if (found == node.fields.end()) {
      if (!node.gone.contains(name)) node.fields.emplace_back(name, this->node(2));
    } else if (const unsigned what = below(4); what == 0) {
      node.gone.insert(name);
      node.fields.erase(found);
    } else if (what == 1) {
      found->second = this->node(2);
    } else {
      change(found->second);
    }
  }

  void change_array(Node& node) {
    const unsigned what = below(4);
    if (what == 0 && !node.elements.empty()) {
      node.elements.resize(below(static_cast<unsigned>(node.elements.size())));
    } else if (what == 1 || node.elements.empty()) {
      for (unsigned i = 1 + below(3); i > 0; --i) node.elements.push_back(this->node(2));
    } else {
      change(node.elements[below(static_cast<unsigned>(node.elements.size()))]);
    }
  }

  std::mt19937_64 random_;
  std::vector<std::string> own_names_;
};

/// What the server's change stream says of the way from one document to another: a difference that goes into
/// documents and arrays, or (as the server does where that is shorter) the whole value anew.
class Difference {
 public:
  Difference(const Node& before, const Node& after, Generator& random) : random_(random) {
    documents({}, before, after);
  }

  /// Whether a field is new whose name has a dot in it, or one in a new place of an array of such.
  bool makes_dotted_names() const { return makes_dotted_names_; }

  /// Whether a path and a name of the same text were both changed.
  bool says_a_name_twice() const {
    std::set<std::string> names;
    std::size_t count = updated_.size() + removed_.size() + truncated_.size();
    for (const auto& [path, node] : updated_) names.insert(joined(path));
    for (const Path& path : removed_) names.insert(joined(path));
    for (const auto& [path, size] : truncated_) names.insert(joined(path));
    return names.size() < count;
  }

  bson::View description() {
    out_.open("updatedFields");
    for (const auto& [path, node] : updated_) append(out_, joined(path), node);
    out_.close().open_array("removedFields");
    for (const Path& path : removed_) out_.append(out_.item(), joined(path));
    out_.close().open_array("truncatedArrays");
    for (const auto& [path, size] : truncated_) {
      out_.open(out_.item()).append("field", joined(path)).append("newSize", size).close();
    }
    out_.close().open("disambiguatedPaths");
    for (const auto& [path, node] : updated_) append_listed(path);
    for (const Path& path : removed_) append_listed(path);
    for (const auto& [path, size] : truncated_) append_listed(path);
    return out_.finish();
  }

 private:
  using Path = std::vector<std::variant<std::string, int>>;  // names, and indexes of arrays

  static std::string text(const std::variant<std::string, int>& component) {
    const auto* name = std::get_if<std::string>(&component);
    return name != nullptr ? *name : std::to_string(std::get<int>(component));
  }
  static std::string joined(const Path& path) {
    std::string result;
    for (const auto& component : path) result += (&component == path.data() ? "" : ".") + text(component);
    return result;
  }
  static Path with(Path path, std::variant<std::string, int> component) {
    path.push_back(std::move(component));
    return path;
  }
  static bool dotted(const std::string& name) { return name.find('.') != std::string::npos; }

  void append_listed(const Path& path) {
    out_.open_array(joined(path));
    for (const auto& component : path) {
      const auto* name = std::get_if<std::string>(&component);
      name != nullptr ? out_.append(out_.item(), *name) : out_.append(out_.item(), std::get<int>(component));
    }
    out_.close();
  }

  void documents(const Path& path, const Node& before, const Node& after) {
    for (const auto& [name, node] : before.fields) {
      if (after.find(name) == nullptr) removed_.push_back(with(path, name));
    }
    for (const auto& [name, node] : after.fields) {
      makes_dotted_names_ = makes_dotted_names_ || (dotted(name) && before.find(name) == nullptr);
      values(with(path, name), before.find(name), node);
    }
  }

  /// A difference cannot tell of fields that changed places: those that stay keep their order, and new ones
  /// follow.
  static bool in_order(const Node& before, const Node& after) {
    auto next = before.fields.begin();
    bool kept = true;
    for (const auto& [name, node] : after.fields) {
      const bool existed = before.find(name) != nullptr;
      if (existed && !kept) return false;
      kept = existed;
      while (existed && next != before.fields.end() && next->first != name) ++next;
      if (existed && next == before.fields.end()) return false;
    }
    return true;
  }

  void values(const Path& path, const Node* before, const Node& after) {
    if (before != nullptr && *before == after) return;
    const bool deeper =
        before != nullptr && before->kind == after.kind && in_order(*before, after) && random_.below(4) > 0;
    if (deeper && after.kind == Node::Kind::document) {
      documents(path, *before, after);
    } else if (deeper && after.kind == Node::Kind::array) {
      arrays(path, before->elements, after.elements);
    } else {
      updated_.emplace_back(path, after);
    }
  }

  void arrays(const Path& path, const std::vector<Node>& before, const std::vector<Node>& after) {
    if (after.size() < before.size()) truncated_.emplace_back(path, static_cast<std::int32_t>(after.size()));
    for (std::size_t i = 0; i < after.size(); ++i) {
      values(with(path, static_cast<int>(i)), i < before.size() ? &before[i] : nullptr, after[i]);
    }
  }

  Generator& random_;
  bson::Builder out_;
  std::vector<std::pair<Path, Node>> updated_;
  std::vector<Path> removed_;
  std::vector<std::pair<Path, std::int32_t>> truncated_;
  bool makes_dotted_names_ = false;
};

}  // namespace sluice::test
