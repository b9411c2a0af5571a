#include "sinks/aws/xml.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "text/utf8.hpp"

namespace sluice::sinks::aws {

namespace {

constexpr std::size_t most_depth = 32;
constexpr std::string_view xml_blanks = " \t\r\n";

/// Each function consumes what it reads from the front of the text, and returns false if that is not there.
class XmlReader {
 public:
  explicit XmlReader(std::string_view xml) : rest_(xml) {}

  bool read(XmlElement& root) {
    if (rest_.starts_with("<?xml") && !skip_past("?>")) return false;
    return skip_comments() && element(root, 0) && skip_comments() && rest_.empty();
  }

 private:
  bool take(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  bool skip_past(std::string_view end) {
    const auto found = rest_.find(end);
    if (found == std::string_view::npos) return false;
    rest_.remove_prefix(found + end.size());
    return true;
  }

  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(xml_blanks), rest_.size())); }

  bool skip_comments() {
    for (skip_blanks(); take("<!--"); skip_blanks()) {
      if (!skip_past("-->")) return false;
    }
    return true;
  }

  bool name(std::string& out) {
    const auto end = rest_.find_first_of(" \t\r\n/>=<\"'&");
    if (end == 0 || end == std::string_view::npos) return false;
    out = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return true;
  }

  bool skip_attributes() {
    for (skip_blanks(); !rest_.starts_with('>') && !rest_.starts_with("/>"); skip_blanks()) {
      std::string ignored;
      if (!name(ignored)) return false;
      skip_blanks();
      if (!take("=")) return false;
      skip_blanks();
      const std::string_view quote = rest_.substr(0, 1);
      if ((quote != "\"" && quote != "'") || !take(quote) || !skip_past(quote)) return false;
    }
    return true;
  }

  bool element(XmlElement& into, std::size_t depth) {
    if (depth >= most_depth || !take("<") || !name(into.name) || !skip_attributes()) return false;
    if (take("/>")) return true;
    return take(">") && content(into, depth) && take(into.name) && (skip_blanks(), take(">"));
  }

  /// Up to and including the `</` of the end tag. The text of an element with children is dropped if it is
  /// blank, and refused otherwise.
  bool content(XmlElement& into, std::size_t depth) {
    while (!take("</")) {
      if (rest_.empty()) return false;
      if (take("<!--")) {
        if (!skip_past("-->")) return false;
      } else if (rest_.front() == '<') {
        if (!element(into.children.emplace_back(), depth + 1)) return false;
      } else if (!text(into.text)) {
        return false;
      }
    }
    if (into.children.empty()) return true;
    const bool blank = into.text.find_first_not_of(xml_blanks) == std::string::npos;
    into.text.clear();
    return blank;
  }

  bool text(std::string& out) {
    const auto end = std::min(rest_.find_first_of("<&"), rest_.size());
    out += rest_.substr(0, end);
    rest_.remove_prefix(end);
    return !rest_.starts_with('&') || entity(out);
  }

  bool entity(std::string& out) {
    const auto end = rest_.find(';');
    if (end == std::string_view::npos) return false;
    const std::string_view name = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    if (name.starts_with('#')) return numeric_entity(name.substr(1), out);
    constexpr std::array<std::pair<std::string_view, char>, 5> known{
        {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}}};
    const auto found = std::ranges::find(known, name, &std::pair<std::string_view, char>::first);
    if (found == known.end()) return false;
    out += found->second;
    return true;
  }

  static bool numeric_entity(std::string_view digits, std::string& out) {
    const bool hex = digits.starts_with('x');
    if (hex) digits.remove_prefix(1);
    std::uint32_t code = 0;
    const char* end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, code, hex ? 16 : 10);
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (parsed.ec != std::errc() || parsed.ptr != end || code > 0x10FFFF || surrogate) return false;
    text::append_utf8(out, code);
    return true;
  }

  std::string_view rest_;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view name) const {
  const auto found = std::ranges::find(children, name, &XmlElement::name);
  return found == children.end() ? nullptr : &*found;
}

std::string_view XmlElement::text_of(std::string_view name) const {
  const XmlElement* found = child(name);
  return found == nullptr ? std::string_view() : std::string_view(found->text);
}

std::optional<XmlElement> parse_xml(std::string_view xml) {
  XmlElement root;
  if (!XmlReader(xml).read(root)) return std::nullopt;
  return root;
}

}  // namespace sluice::sinks::aws
