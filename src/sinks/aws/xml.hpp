#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sinks::aws {

/// An element of an answer in XML: its children, or the text between its tags.
struct XmlElement {
  std::string name;
  std::string text;
  std::vector<XmlElement> children;

  /// The first child of this name; null if there is none.
  const XmlElement* child(std::string_view name) const;
  /// The text of that child; "" if there is none.
  std::string_view text_of(std::string_view name) const;
};

/// Parses an answer of the Query protocol. It is strict, and reads what such answers hold: elements,
/// attributes (which are skipped), text, the five named entities and numeric ones, comments, and a
/// declaration at the beginning. Nothing for anything else (a DOCTYPE, CDATA), and for elements that are
/// nested more than 32 deep.
std::optional<XmlElement> parse_xml(std::string_view xml);

}  // namespace sluice::sinks::aws
