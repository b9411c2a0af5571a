#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bson/path.hpp"
#include "sluice/event.hpp"

namespace sluice::rules {

/// Interprets the names in an update's description in relation to one path.
///
/// In the description {"a.b": 1} may be the field b in a, or one field whose name is "a.b". A server from 7.0
/// on says which (disambiguatedPaths). For older servers, the pre-image shows:
///
/// - If a is not a document, it is the dotted name. For a path, the server would have named a itself.
/// - If there is no field with that dotted name, it is the path.
/// - If both are possible it is unclear, and the caller must not guess.
///
/// One case cannot be detected: a new field "a.b" beside a document a. It is taken for the path.
class UpdateNames {
 public:
  UpdateNames(const ChangeEvent& event, std::string_view path);

  /// The components of a name that equals the path, contains it, or is inside it; nothing for any other name.
  /// `most`: the largest number of components.
  std::optional<bson::Components> read(std::string_view name, std::size_t most);

  /// Whether a name could not be interpreted with certainty.
  bool unclear() const { return unclear_; }
  /// Reports that a path and a dotted name with the same text were both changed.
  void came_twice() { unclear_ = true; }
  /// Whether the server says which dots are part of a name.
  bool exact() const { return static_cast<bool>(event_.update.disambiguated); }
  std::size_t depth() const { return depth_; }

 private:
  struct DottedName {
    std::string text;  ///< with the path that leads to it
    bool holds_values;
  };

  std::optional<bson::Components> read_listed(std::string_view name, std::size_t most);
  bool can_be_path(std::string_view name);
  bool can_be_dotted_name(std::string_view name) const;
  void look_along_path();

  const ChangeEvent& event_;
  std::string_view path_;
  std::size_t depth_;  ///< number of components of the path
  bool unclear_ = false;
  std::unordered_map<std::string_view, bson::View> listed_;
  // What the pre-image contains along the path.
  bool looked_ = false;
  bool ends_in_array_ = false;
  std::size_t holders_ = 0;               ///< how many components of the path lead to documents or arrays
  std::vector<DottedName> dotted_names_;  ///< dotted names that look like paths along the path
};

/// Whether all components but the last lead to documents or arrays.
bool leads(bson::View document, const bson::Components& components);

}  // namespace sluice::rules
