#pragma once

#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// A configuration that cannot be used. what() reads `file:line:column: message` where a place is known,
/// and is written for the person who has to mend the file.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A map of the configuration file, read key by key. It remembers which keys were asked for, so that done()
/// can name the ones that mean nothing (with the nearest name that does).
///
/// Every getter throws ConfigError, with the place in the file, when the value is absent or of the wrong
/// kind. Copies share one state. Not for use by several threads; configuration is read once, at start-up.
class Settings {
 public:
  struct State;

  explicit Settings(std::shared_ptr<State> state);

  /// Parse one YAML map given as text: the entry for tests and for rules made in code.
  static Settings parse(const std::string& yaml, const std::string& file_name = "<text>");

  bool has(std::string_view key) const;

  /// A text. A number, true or false is one only in quotes, or where it comes from a variable.
  std::string text(std::string_view key) const;
  /// A scalar as it is written, with or without quotes: for values that may be texts and numbers alike.
  /// `wanted` is what the message about a list or a map asks for.
  std::string scalar(std::string_view key, std::string_view wanted = "a text or a number") const;
  std::string text_or(std::string_view key, std::string_view otherwise) const;
  std::vector<std::string> texts(std::string_view key) const;
  std::vector<std::string> one_or_more(std::string_view key) const;  ///< a text, or a list of texts
  std::string choice(std::string_view key, std::initializer_list<std::string_view> allowed,
                     std::string_view otherwise) const;
  long long integer_or(std::string_view key, long long otherwise, long long least, long long most) const;

  Settings section(std::string_view key) const;
  std::vector<Settings> sections(std::string_view key) const;                          ///< a list of maps
  std::vector<std::pair<std::string, std::string>> pairs(std::string_view key) const;  ///< a map of texts

  /// The value as JSON, for rules that state something in a language of the server's. A text in quotes is a
  /// text; without quotes what reads as a JSON number, true, false or null is that. A text that is a whole
  /// JSON object ({..}) is given as it stands.
  std::string json(std::string_view key) const;

  /// The whole map as JSON, to be compared with another's. Does not count as asking for its keys.
  std::string all_json() const;

  /// Every key of this map in the order of the file. Does not count as asking for them.
  std::vector<std::string> keys() const;

  /// Throws if the map holds a key that nobody asked for.
  void done() const;

  /// `file:line:column` of `key` (or of the map itself where the key is absent). Does not count as asking for
  /// it.
  std::string place(std::string_view key) const;

  /// Throws ConfigError at the place of `key` (or of the map itself where the key is absent).
  [[noreturn]] void fail(std::string_view key, const std::string& message) const;

 private:
  std::shared_ptr<State> state_;
};

/// The member of `names` that `word` was probably meant to be, or "" when none is near.
std::string nearest_name(std::string_view word, const std::vector<std::string>& names);

}  // namespace sluice
