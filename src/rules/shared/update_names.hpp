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

/// Reads the names in an update's description as seen from one path.
///
/// In the description {"a.b": 1} may be the field b in a, or one field whose name is "a.b". A server from 7.0
/// up tells which (disambiguatedPaths). Of others, the document as it was tells:
///
/// - where a is no document, it is the one name: the server would have named a itself, and what it made of
/// it;
/// - where there is no such name, it is the path;
/// - where both can be meant it is unclear, and the caller must not guess.
///
/// One case remains that nothing shows: a new field "a.b" beside a document a, which is taken for the path.
class UpdateNames {
 public:
  UpdateNames(const ChangeEvent& event, std::string_view path);

  /// The components of a name that is the path, holds it, or is inside it; nothing for every other name. At
  /// most `most`.
  std::optional<bson::Components> read(std::string_view name, std::size_t most);

  /// A name that was read may or may not be about the path.
  bool unclear() const { return unclear_; }
  /// A path and a name with dots of one text were both changed.
  void came_twice() { unclear_ = true; }
  /// The server tells which dots are part of a name.
  bool exact() const { return static_cast<bool>(event_.update.disambiguated); }
  std::size_t depth() const { return depth_; }

 private:
  struct DottedName {
    std::string text;  ///< with the way to it
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
  // What the document as it was holds along the path.
  bool looked_ = false;
  bool ends_in_array_ = false;
  std::size_t holders_ = 0;               ///< how many components lead to documents or arrays
  std::vector<DottedName> dotted_names_;  ///< names beside the path that look like paths along it
};

/// Whether all components but the last lead to documents or arrays.
bool leads(bson::View document, const bson::Components& components);

}  // namespace sluice::rules
