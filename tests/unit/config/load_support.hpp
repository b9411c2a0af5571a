#pragma once

#include <string>

#include "config/load.hpp"

/// What the tests of loading a configuration share.
namespace sluice::config {

inline const std::string kSmall = R"(pipeline: realworld
mongodb: { uri: "mongodb://me:secret@h/?replicaSet=rs0", database: conduit }
rules:
  - name: tag-tally
    tally: { from: articles, field: tagList, into: tags, count: articleCount }
)";

inline const std::string kRule = "rules: [{name: r, count: {from: a}}]\n";

inline Loaded loaded_of(const std::string& yaml, const Values& flags = {}, const Values& environment = {}) {
  return load_text(yaml, "w.yaml", flags, environment);
}

/// The message of the ConfigError, or "accepted".
inline std::string refusal_of(const std::string& yaml, const Values& flags = {},
                              const Values& environment = {}) {
  try {
    loaded_of(yaml, flags, environment);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

/// The line of `sluice config` for a name; empty if there is none.
inline Effective listed(const Loaded& loaded, const std::string& name) {
  for (const auto& line : loaded.effective) {
    if (line.name == name) return line;
  }
  return {};
}

}  // namespace sluice::config
