#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/event.hpp"
#include "sluice/settings.hpp"

namespace sluice::rules {

/// A short text that is built for each event without allocating.
class InlineText {
 public:
  void append(std::string_view text) {
    fits_ = fits_ && size_ + text.size() <= data_.size();
    if (!fits_) return;
    std::copy(text.begin(), text.end(), data_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += text.size();
  }
  void append(char c) { append(std::string_view(&c, 1)); }
  std::string_view view() const { return {data_.data(), size_}; }
  /// False if the text was cut because it was too long.
  bool fits() const { return fits_ && !spoilt_; }
  /// Marks the text as invalid for its use.
  void spoil() { spoilt_ = true; }
  bool spoilt() const { return spoilt_; }

 private:
  std::array<char, 2048> data_;
  std::size_t size_ = 0;
  bool fits_ = true;
  bool spoilt_ = false;
};

/// The same without a limit on length.
class LongText {
 public:
  void append(std::string_view text) { text_.append(text); }
  void append(char c) { text_.push_back(c); }
  std::string_view view() const { return text_; }
  bool fits() const { return fits_; }
  void spoil() { fits_ = false; }

 private:
  std::string text_;
  bool fits_ = true;
};

/// A text with names in braces that is filled in from an event: `{db}`, `{coll}`, `{op}`, `{id}`, `{token}`,
/// and the dotted path of any field of the document (after the change, or else before it).
class TextTemplate {
 public:
  /// How a value becomes part of the text.
  enum class Escape : std::uint8_t {
    /// One line of text: control characters and `%` become `%` and two hexadecimal digits.
    line,
    /// One token of a NATS subject: characters that are not allowed in one (dots, wildcards, blanks, control
    /// characters) and `%` itself become `%` and two hexadecimal digits; an empty value becomes `%`, a
    /// missing one `%-`.
    subject,
    /// A part of a URL's path, or a value in its query: all characters but letters, digits and `-._~` become
    /// `%` and two hexadecimal digits. The text is invalid if a name has no value, or a value that leads to
    /// another path (`.`, `..`).
    url,
    /// A value of a form (application/x-www-form-urlencoded): the same, but it may be empty.
    form,
    /// Text between the quotes of a JSON string. Braces that contain no name stay as they are.
    json,
    /// Unchanged. Braces that contain no name stay as they are.
    none,
    /// Unchanged, because any byte is allowed. Braces always contain names.
    verbatim,
  };
  /// Parses the text of the setting `key`.
  struct Stated {
    std::string text;
  };

  /// `names` are replaced at once by the given texts, without escaping. Throws ConfigError at `key`.
  TextTemplate(const Settings& settings, std::string_view key, std::string_view otherwise,
               const std::vector<std::pair<std::string, std::string>>& names, Escape escape);

  TextTemplate(const Settings& settings, std::string_view key, Stated stated,
               const std::vector<std::pair<std::string, std::string>>& names, Escape escape);
  /// The same for one of several texts under `key`.
  static TextTemplate of(const Settings& settings, std::string_view key, std::string text,
                         const std::vector<std::pair<std::string, std::string>>& names, Escape escape);

  /// For InlineText and LongText.
  template <typename Text>
  void append_to(Text& out, const ChangeEvent& event) const;

  /// A field's value: absent if the document has no such field, nothing if that cannot be known.
  using FieldOf = std::function<std::optional<bson::Value>(const std::string& path)>;
  enum class Filled : std::uint8_t { whole, without_a_field, unknown };
  /// The same without a limit on length, and with a function that looks fields up. (`_id` is taken from the
  /// event.) A missing field becomes an empty text, and nothing is escaped.
  Filled fill(std::string& out, const ChangeEvent& event, const FieldOf& field_of) const;

  /// The paths of all fields that the text contains, except the id's.
  std::vector<std::string> fields() const;
  bool tells_of_the_collection() const;  ///< it contains {coll}
  bool tells_of_the_document() const;    ///< it contains {id} or a field
  bool tells_of_the_change() const;      ///< it contains {op} or {token}, which differs for each change

  /// The text up to its first name.
  std::string_view fixed_start() const;
  /// A subject pattern that matches every such text: `*` for each part that contains a name. For
  /// Escape::subject.
  std::string pattern() const;
  bool is_fixed() const;
  const std::string& text() const { return text_; }

 private:
  enum class What : std::uint8_t { literal, database, collection, operation, id, token, field };
  struct Part {
    What what;
    std::string text;  ///< the literal or the field's path
  };

  std::size_t find_name(std::string_view text) const;
  void add(const Settings& settings, std::string_view key, const std::string& name,
           const std::vector<std::pair<std::string, std::string>>& names);

  std::string text_;
  std::vector<Part> parts_;
  Escape escape_;
};

}  // namespace sluice::rules
