#include "config/load.hpp"

#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include "config/load/context.hpp"
#include "config/state_names.hpp"
#include "config/yaml/yaml_tree.hpp"

namespace sluice::config {
namespace {

/// Patterns of rules must not match the collections that hold Sluice's own state.
void hide_state(Config& config) {
  for (StreamConfig& stream : config.streams) {
    if (stream.database != config.state_database) continue;
    stream.hidden.assign(state::all.begin(), state::all.end());
  }
}

}  // namespace

std::string read_text(const std::string& file) {
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::string text(kMostYamlBytes + 1, '\0');  // one more than allowed, for parse_yaml to notice
  if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  // A directory can be opened but not read. Both failures are reported with the system's message.
  if (!stream.is_open() || stream.bad()) {
    throw PlacedError({file, 0, 0, "cannot be read: " + std::generic_category().message(errno)});
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

Loaded load_text(const std::string& yaml, const std::string& file_name, const Values& flags,
                 const Values& environment) {
  Judged judged = judge_text(yaml, file_name, flags, environment);
  if (!judged.problems.empty()) throw PlacedError(in_order(std::move(judged.problems)));
  judged.loaded.config.place_arguments = place_arguments(file_name, flags);
  return std::move(judged.loaded);
}

Judged judge_text(const std::string& yaml, const std::string& file_name, const Values& flags,
                  const Values& environment) {
  try {
    return judge_document(parse_yaml(yaml, file_name, &environment), flags, environment);
  } catch (const ConfigError& error) {
    return {{}, problems_of(error)};
  }
}

Judged judge_document(std::shared_ptr<const YamlDocument> document, const Values& flags,
                      const Values& environment) {
  Judged judged;
  judged.problems = document->problems;
  LoadContext context{Sources(settings_of(std::move(document)), flags, environment), judged.loaded,
                      judged.problems};
  read_options(context);
  context.attempt([&] { read_streams(context); });
  context.attempt([&] { context.sources.done(); });
  hide_state(judged.loaded.config);
  return judged;
}

Loaded load_file(const std::string& file, const Values& flags, const Values& environment) {
  return load_text(read_text(file), file, flags, environment);
}

Config load(const std::string& file, const Values& flags, const Values& environment) {
  return load_file(file, flags, environment).config;
}

}  // namespace sluice::config

void sluice::extend(Config& config, std::shared_ptr<const Extensions> extensions) {
  config.extensions = std::move(extensions);
  for (StreamConfig& stream : config.streams) {
    for (RuleConfig& rule : stream.rules) rule.extensions = config.extensions;
  }
}
