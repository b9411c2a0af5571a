#pragma once

#include <string>
#include <vector>

#include "sluice/config.hpp"

namespace sluice::rules {

/// The name of the separate stream that a rule of `stream` runs in.
std::string apart_name(const std::string& stream, const std::string& rule);

/// Whether a trigger gets a stream of its own. This includes publishing triggers: triggers belong to
/// different people, and must not wait until another one's JetStream stream can be used.
bool trigger_stands_apart(const RuleConfig& rule);

/// The name of the stream that runs the publishing rules of `stream` if it has other rules too. Names in a
/// file cannot contain a colon.
std::string publishing_name(const std::string& stream);

/// Gives each rule that calls a server of its own a separate stream, with its own position, lanes and queue,
/// so that a slow or dead server delays no other rule. The same is done for each publishing trigger. The
/// publishing rules of a stream that also has other rules share one separate stream. Throws ConfigError if a
/// name is taken.
std::vector<StreamConfig> with_callers_apart(std::vector<StreamConfig> streams);

}  // namespace sluice::rules
