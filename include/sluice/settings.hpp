#pragma once

#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// Thrown for a configuration that cannot be used. what() has a line for each problem, `file:line:column:
/// message` where the place is known, written for the person who has to correct the file.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A map of the configuration file, read key by key. It remembers which keys were asked for, so that done()
/// can report the others as unknown, with the most similar name that is known.
///
/// Each getter throws ConfigError, with the place in the file, when the value is missing or of the wrong
/// type, unless it says otherwise. Copies share one state. Not thread-safe.
class Settings {
 public:
  struct State;

  explicit Settings(std::shared_ptr<State> state);

  /// Parses a YAML map. `file_name` is what errors name. Throws ConfigError. For tests, and for settings that
  /// are made in code.
  static Settings parse(const std::string& yaml, const std::string& file_name = "<text>");

  /// Whether the map holds the key. Counts as asking for it, as each getter does.
  bool has(std::string_view key) const;

  /// A text. A number, true or false counts as a text only in quotes, or where it comes from a variable.
  std::string text(std::string_view key) const;
  /// A scalar as it is written, with or without quotes, for values that may be texts or numbers. `wanted` is
  /// what the error about a list or a map asks for.
  std::string scalar(std::string_view key, std::string_view wanted = "a text or a number") const;
  /// A text, or `otherwise` where the key is missing.
  std::string text_or(std::string_view key, std::string_view otherwise) const;
  /// A list of texts.
  std::vector<std::string> texts(std::string_view key) const;
  std::vector<std::string> one_or_more(std::string_view key) const;  ///< a text, or a list of texts
  /// One of `allowed`, or `otherwise` where the key is missing.
  std::string choice(std::string_view key, std::initializer_list<std::string_view> allowed,
                     std::string_view otherwise) const;
  /// A whole number from `least` to `most`, or `otherwise` where the key is missing.
  long long integer_or(std::string_view key, long long otherwise, long long least, long long most) const;

  /// A map. Its own keys are read, and checked by its own done().
  Settings section(std::string_view key) const;
  std::vector<Settings> sections(std::string_view key) const;                          ///< a list of maps
  std::vector<std::pair<std::string, std::string>> pairs(std::string_view key) const;  ///< a map of texts

  /// The value as JSON, for example an aggregation expression. A scalar without quotes that reads as a JSON
  /// number, true, false or null becomes that; other scalars become texts. A text that holds a whole JSON
  /// object ({..}) is returned unchanged.
  std::string json(std::string_view key) const;

  /// The whole map as JSON, for comparing it with another one. Does not count as asking for its keys.
  std::string all_json() const;

  /// The keys of this map, in the order of the file. Does not count as asking for them.
  std::vector<std::string> keys() const;

  /// Throws ConfigError if the map holds a key that was not asked for.
  void done() const;

  /// `file:line:column` of the key, or of the map where the key is missing. Does not count as asking for it.
  std::string place(std::string_view key) const;

  /// Throws ConfigError at the place of the key, or of the map where the key is missing or "".
  [[noreturn]] void fail(std::string_view key, const std::string& message) const;

 private:
  std::shared_ptr<State> state_;
};

/// The member of `names` that `word` is probably a misspelling of; "" if none is similar.
std::string nearest_name(std::string_view word, const std::vector<std::string>& names);

}  // namespace sluice
