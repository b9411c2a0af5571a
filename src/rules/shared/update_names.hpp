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

/// Reads the names in an update's description with regard to one path.
///
/// In the description, {"a.b": 1} may be the field b of a, or one field with the name "a.b". Servers from 7.0
/// on say which (disambiguatedPaths). For others, the pre-image decides:
///
/// - If a is not a document, it is the single name; for a path, the server would have named a itself with its
///   new value.
/// - If there is no field "a.b", it is the path.
/// - If both are possible, the name is unclear, and the caller must not guess.
///
/// One case cannot be recognised: a new field "a.b" next to a document a is taken for the path.
class UpdateNames {
 public:
  UpdateNames(const ChangeEvent& event, std::string_view path);

  /// The components of a name that equals, contains or is inside the path; nothing for other names. At most
  /// `most` components.
  std::optional<bson::Components> read(std::string_view name, std::size_t most);

  /// Whether a name was read that may or may not concern the path.
  bool unclear() const { return unclear_; }
  /// Whether a path and a dotted name with the same text were both changed.
  void came_twice() { unclear_ = true; }
  /// Whether the server said which dots are part of a name.
  bool exact() const { return static_cast<bool>(event_.update.disambiguated); }
  std::size_t depth() const { return depth_; }

 private:
  struct DottedName {
    std::string text;  ///< with the path to it
    bool holds_values;
  };

  std::optional<bson::Components> read_listed(std::string_view name, std::size_t most);
  bool can_be_path(std::string_view name);
  bool can_be_dotted_name(std::string_view name) const;
  void look_along_path();

  const ChangeEvent& event_;
  std::string_view path_;
  std::size_t depth_;  ///< components of the path
  bool unclear_ = false;
  std::unordered_map<std::string_view, bson::View> listed_;
  // What the pre-image contains along the path.
  bool looked_ = false;
  bool ends_in_array_ = false;
  std::size_t holders_ = 0;               ///< how many components of the path lead to documents or arrays
  std::vector<DottedName> dotted_names_;  ///< fields whose names look like a path along this one
};

/// Whether all components but the last lead to documents or arrays.
bool leads(bson::View document, const bson::Components& components);

}  // namespace sluice::rules
