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

/// A short text that is put together for each event, without allocating.
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
  /// False when something was left out because it was too long.
  bool fits() const { return fits_ && !spoilt_; }
  /// It cannot be what it should.
  void spoil() { spoilt_ = true; }
  bool spoilt() const { return spoilt_; }

 private:
  std::array<char, 2048> data_;
  std::size_t size_ = 0;
  bool fits_ = true;
  bool spoilt_ = false;
};

/// The same of any length.
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

/// A text with names in braces, filled in from an event: `{db}`, `{coll}`, `{op}`, `{id}`, `{token}`, and the
/// dotted path of any field of the document (as it is after the change, else as it was before).
class TextTemplate {
 public:
  /// How a value becomes part of the text.
  enum class Escape : std::uint8_t {
    /// One line of text: control characters and `%` become `%` and two hexadecimal digits.
    line,
    /// One token of a NATS subject: what may not stand in one (dots, wildcards, blanks, control characters)
    /// and `%` itself become `%` and two hexadecimal digits; an empty value becomes `%`, a missing one `%-`.
    subject,
    /// A part of a URL's path, or a value of its query: all but letters, digits and `-._~` become `%` and two
    /// hexadecimal digits. A text in which a name has no value, or one that leads to another path (`.`,
    /// `..`), does not fit.
    url,
    /// A value of a form (application/x-www-form-urlencoded): the same, but it may be empty.
    form,
    /// Text between the quotes of a JSON string. Braces that hold no name are left as they are.
    json,
    /// As it is; braces likewise.
    none,
    /// As it is, for any byte may stand there; braces hold names.
    verbatim,
  };
  /// The text itself, in the place of the key that states it.
  struct Stated {
    std::string text;
  };

  /// `names` are filled in at once, with texts that need no escape. Throws ConfigError at `key`.
  TextTemplate(const Settings& settings, std::string_view key, std::string_view otherwise,
               const std::vector<std::pair<std::string, std::string>>& names, Escape escape);

  TextTemplate(const Settings& settings, std::string_view key, Stated stated,
               const std::vector<std::pair<std::string, std::string>>& names, Escape escape);
  /// The same of a text that is one of several under `key`.
  static TextTemplate of(const Settings& settings, std::string_view key, std::string text,
                         const std::vector<std::pair<std::string, std::string>>& names, Escape escape);

  /// Of InlineText or LongText.
  template <typename Text>
  void append_to(Text& out, const ChangeEvent& event) const;

  /// What a field holds: absent where the document has none, nothing where that cannot be known.
  using FieldOf = std::function<std::optional<bson::Value>(const std::string& path)>;
  enum class Filled : std::uint8_t { whole, without_a_field, unknown };
  /// The same, of any length, with fields looked up elsewhere than in the event's documents. (`_id` is the
  /// event's.) A field that is missing becomes nothing, and nothing is escaped.
  Filled fill(std::string& out, const ChangeEvent& event, const FieldOf& field_of) const;

  /// The paths of all fields that it reads but the id's.
  std::vector<std::string> fields() const;
  bool tells_of_the_collection() const;  ///< it holds {coll}
  bool tells_of_the_document() const;    ///< it holds {id} or a field
  bool tells_of_the_change() const;      ///< it holds {op} or {token}, which no other change has

  /// The text up to its first name.
  std::string_view fixed_start() const;
  /// The subject that every text fits: `*` for each part with a name in it. For Escape::subject.
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
