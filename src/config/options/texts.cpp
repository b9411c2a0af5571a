#include "config/options/texts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/options/options.hpp"
#include "text/columns.hpp"

namespace sluice::config {
namespace {

using enum OptionType;

std::string placeholder(const Option& option) {
  switch (option.type) {
    case uri:
      return " URI";
    case nats_urls:
    case redis_url:
      return " URL";
    case secret:
      return " SECRET";
    case file:
      return " FILE";
    case database:
      return " NAME";
    case text:
      return option.name == "http-host" ? " ADDRESS" : " NAME";
    case whole:
      return " N";
    case choice: {
      std::string names;
      for (const std::string name : option.choices) names += (names.empty() ? " " : "|") + name;
      // A long list would push the sentences of all options to the right.
      return names.size() > 14 ? " LEVEL" : names;
    }
    case flag:
      return "";
  }
  return "";
}

std::string_view without_fallback(const Option& option) {
  if (option.type == flag) return "off";
  return option.type == database ? "required" : "none";
}

std::string code(std::string_view text) {
  return text.empty() ? "" : fmt::format("`{}`", text);
}

}  // namespace

std::string unit_and_default(const Option& option) {
  if (option.type == OptionType::flag) return "default off";
  const std::string unit = option.unit.empty() ? "" : fmt::format("{}, ", option.unit);
  if (option.fallback.empty()) return unit + std::string(without_fallback(option));
  return unit + fmt::format("default {}", option.fallback);
}

std::string options_help(bool (*shown)(const Option&)) {
  std::size_t width = 0;
  for (const auto& option : options()) {
    if (shown(option)) width = std::max(width, option.name.size() + 2 + placeholder(option).size());
  }
  std::string text;
  std::string_view group;
  for (const auto& option : options()) {
    if (!shown(option)) continue;
    if (option.group != group) {
      group = option.group;
      text += fmt::format("{}{}:\n", text.empty() ? "" : "\n", group);
    }
    const std::string flag = fmt::format("--{}{}", option.name, placeholder(option));
    text += sluice::text::entry("  " + flag, width + 4,
                                fmt::format("{} ({})", option.help, unit_and_default(option)));
  }
  return text;
}

std::string options_text() {
  std::size_t name = 0;
  std::size_t env = 0;
  std::size_t path = 0;
  for (const auto& option : options()) {
    name = std::max(name, option.name.size());
    env = std::max(env, option.env.size());
    path = std::max(path, option.path.size());
  }
  std::string text;
  std::string_view group;
  for (const auto& option : options()) {
    if (option.group != group) {
      group = option.group;
      text += fmt::format("{}{}:\n", text.empty() ? "" : "\n", group);
    }
    text += fmt::format("  --{:<{}}  {:<{}}  {:<{}}  {}\n", option.name, name, option.env, env, option.path,
                        path, unit_and_default(option));
  }
  return text;
}

std::string options_markdown() {
  std::string text =
      "# Options\n\n"
      "<!-- Written by `sluice options --markdown` from src/config/options/groups; change it there. -->\n\n"
      "A value is taken from the flag, else from the environment, else from the file, else from the "
      "default.\n"
      "A variable that is set but empty counts as not set. `sluice config FILE.yaml` prints the values in "
      "force\n"
      "and where each came from.\n";
  std::string_view group;
  for (const auto& option : options()) {
    if (option.group != group) {
      group = option.group;
      text += fmt::format("\n## {}", group) +
              "\n\n| Flag | Environment | File | Unit | Default | Allowed | Meaning |\n"
              "|---|---|---|---|---|---|---|\n";
    }
    const std::string fallback =
        option.fallback.empty() ? std::string(without_fallback(option)) : code(option.fallback);
    text += fmt::format("| `--{}` | {} | {} | {} | {} | {} | {} |\n", option.name, code(option.env),
                        code(option.path), option.unit, fallback, allowed_text(option), option.help);
  }
  return text;
}

}  // namespace sluice::config
