#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "config/options/options.hpp"
#include "sluice/settings.hpp"

namespace sluice::config {

/// A checked value and where it came from.
struct Sourced {
  OptionValue value;
  Origin origin;
};

/// The sources of a run, in order of precedence: flags, environment, file, defaults. Every value is checked
/// when it is read: the functions throw ConfigError for a bad one.
class Sources {
 public:
  /// `flags` and `environment` must outlive this.
  Sources(Settings file, const Values& flags, const Values& environment);

  /// Marks the option's keys in the file as known, whether or not its values can be read.
  void know(const Option& option);

  /// From a flag or the environment.
  std::optional<Sourced> stated_outside(const Option& option) const;

  std::optional<Sourced> stated_in_file(const Option& option);
  std::optional<Sourced> stated_at(std::string_view path, const Option& option);

  static std::optional<Sourced> stated_in(const Settings& settings, std::string_view key,
                                          const Option& option);

  /// The value in force. The file's value is checked even where a flag or variable overrides it.
  Sourced effective(const Option& option);

  static Sourced fallback(const Option& option);

  const Settings& file() const { return file_; }

  /// A section of the file, such as `kafka`; null if the file has none of that name.
  const Settings* section(std::string_view name) { return find_section(name); }

  /// Throws for unknown keys in the sections that were read.
  void done() const;

 private:
  const Settings* find_section(std::string_view name);

  Settings file_;
  std::map<std::string, Settings, std::less<>> sections_;
  const Values& flags_;
  const Values& environment_;
};

}  // namespace sluice::config
