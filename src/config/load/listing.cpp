#include <algorithm>
#include <map>

#include "config/load.hpp"
#include "config/options/options.hpp"

namespace sluice::config {

std::vector<std::string> changed_options(const Loaded& before, const Loaded& now) {
  const auto values = [](const Loaded& loaded) {
    std::map<std::string, std::string> values;
    for (const Effective& one : loaded.effective) {
      if (!one.name.starts_with("streams.")) values.emplace(one.name, one.value);
    }
    return values;
  };
  const auto old = values(before);
  const auto fresh = values(now);
  std::vector<std::string> changed;
  for (const auto& [name, value] : fresh) {
    const auto known = old.find(name);
    if (known == old.end() || known->second != value) changed.push_back(name);
  }
  for (const auto& [name, value] : old) {
    if (!fresh.contains(name)) changed.push_back(name);
  }
  return changed;
}

namespace {

std::string in_shell(const std::string& text) {
  constexpr std::string_view harmless =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:,@%+=";
  if (!text.empty() && text.find_first_not_of(harmless) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string place_arguments(const std::string& file, const Values& flags) {
  std::string text = in_shell(file);
  for (const auto& [name, value] : flags) {
    const Option& one = option(name);
    if (one.group != "MongoDB" || one.name == "indexes") continue;
    const bool secret = shown_value(one, value) != value;
    text += " --" + name + " " + (secret ? "\"$" + std::string(one.env) + "\"" : in_shell(value));
  }
  return text;
}

std::string effective_text(const std::vector<Effective>& effective) {
  std::size_t width = 0;
  for (const auto& line : effective) {
    // A long URI must not widen the column for all lines.
    const std::size_t length = line.name.size() + line.value.size() + 2;
    if (length <= 60) width = std::max(width, length);
  }
  std::string text;
  for (const auto& line : effective) {
    std::string left = line.name + ": " + line.value;
    if (left.size() < width) left.append(width - left.size(), ' ');
    text += left + "  # " + line.origin + "\n";
  }
  return text;
}

}  // namespace sluice::config
