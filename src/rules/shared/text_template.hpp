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

/// A text of limited length that is composed for each event, without allocating memory.
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
  /// False if the text is too long or marked as unusable.
  bool fits() const { return fits_ && !spoilt_; }
  /// Marks the text as unusable, for example because a value is missing.
  void spoil() { spoilt_ = true; }
  bool spoilt() const { return spoilt_; }

 private:
  std::array<char, 2048> data_;
  std::size_t size_ = 0;
  bool fits_ = true;
  bool spoilt_ = false;
};

/// A text of any length, with the same functions and reserve().
class LongText {
 public:
  void reserve(std::size_t size) { text_.reserve(size); }
  void append(std::string_view text) { text_.append(text); }
  void append(char c) { text_.push_back(c); }
  std::string_view view() const { return text_; }
  bool fits() const { return fits_; }
  void spoil() { fits_ = false; }

 private:
  std::string text_;
  bool fits_ = true;
};

/// A text with names in braces, which are filled in from an event: `{db}`, `{coll}`, `{op}`, `{id}`,
/// `{token}`, and the dotted path of any field of the document after the change, or before it if there is
/// none after it.
class TextTemplate {
 public:
  /// How a value is escaped in the text.
  enum class Escape : std::uint8_t {
    /// One line of text: control characters and `%` become `%` and two hexadecimal digits.
    line,
    /// One token of a NATS subject: characters that it cannot contain (dots, wildcards, blanks, control
    /// characters) and `%` become `%` and two hexadecimal digits; an empty value becomes `%`, a missing one
    /// `%-`.
    subject,
    /// A part of a Kafka topic: all but letters, digits and `._-` become `_`, and so does a missing or empty
    /// value.
    topic,
    /// A part of a URL's path, or a value of its query: all but letters, digits and `-._~` become `%` and two
    /// hexadecimal digits. A missing or empty value, or one that leads to another path (`.`, `..`), makes the
    /// text unusable.
    url,
    /// A value of a form (application/x-www-form-urlencoded): the same, but it may be empty or missing.
    form,
    /// Text between the quotes of a JSON string. Braces without a name in them stay as they are.
    json,
    /// Not escaped; braces without a name in them stay as they are.
    none,
    /// Not escaped, because any byte is allowed; all braces enclose names.
    verbatim,
  };
  /// The template's text itself, instead of the key of the setting that holds it.
  struct Stated {
    std::string text;
  };

  /// Reads the template from the setting `key`; `otherwise` is its default. `names` are replaced at once by
  /// their values, which are not escaped. Throws ConfigError at `key`.
  TextTemplate(const Settings& settings, std::string_view key, std::string_view otherwise,
               const std::vector<std::pair<std::string, std::string>>& names, Escape escape);

  TextTemplate(const Settings& settings, std::string_view key, Stated stated,
               const std::vector<std::pair<std::string, std::string>>& names, Escape escape);
  /// The same for one of several texts under `key`.
  static TextTemplate of(const Settings& settings, std::string_view key, std::string text,
                         const std::vector<std::pair<std::string, std::string>>& names, Escape escape);

  /// Appends the filled-in text. Text: InlineText or LongText.
  template <typename Text>
  void append_to(Text& out, const ChangeEvent& event) const;

  /// The value of a field: an absent value if the document has no such field, nothing if that cannot be
  /// known.
  using FieldOf = std::function<std::optional<bson::Value>(const std::string& path)>;
  enum class Filled : std::uint8_t { whole, without_a_field, unknown };
  /// Like append_to(), but without escaping, and with the values of fields from `field_of`. (`_id` is the
  /// event's.) A missing field becomes empty text.
  Filled fill(std::string& out, const ChangeEvent& event, const FieldOf& field_of) const;

  /// The paths of all fields in the template, except `_id` and paths in it.
  std::vector<std::string> fields() const;
  bool tells_of_the_collection() const;  ///< it contains {coll}
  bool tells_of_the_document() const;    ///< it contains {id} or a field
  bool tells_of_the_change() const;      ///< it contains {op} or {token}: differs between changes

  /// The template's text before its first name.
  std::string_view fixed_start() const;
  /// A subject that all filled-in texts match: `*` stands for each token with a name in it. For
  /// Escape::subject.
  std::string pattern() const;
  bool is_fixed() const;
  const std::string& text() const { return text_; }

 private:
  enum class What : std::uint8_t { literal, database, collection, operation, id, token, field };
  struct Part {
    What what;
    std::string text;  ///< the literal, or the field's path
  };

  std::size_t find_name(std::string_view text) const;
  void add(const Settings& settings, std::string_view key, const std::string& name,
           const std::vector<std::pair<std::string, std::string>>& names);

  std::string text_;
  std::vector<Part> parts_;
  Escape escape_;
};

}  // namespace sluice::rules
