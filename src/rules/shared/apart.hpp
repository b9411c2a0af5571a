#pragma once

#include <string>
#include <vector>

#include "sluice/config.hpp"

namespace sluice::rules {

/// The stream that a rule of `stream` runs in when it stands apart.
std::string apart_name(const std::string& stream, const std::string& rule);

/// Whether a rule that is a trigger stands apart: also one that publishes, for its neighbours were made by
/// others and must not wait until its JetStream stream can be used.
bool trigger_stands_apart(const RuleConfig& rule);

/// The stream that the publishing rules of `stream` run in where it has other rules, too. No name in a file
/// holds a colon.
std::string publishing_name(const std::string& stream);

/// Gives each rule that calls a server of its own pace a stream of its own: with a position, lanes and a
/// queue of its own, so that a slow or dead endpoint holds up no other rule; among triggers also each that
/// publishes. The publishing rules of a stream of the file that has other rules as well get one stream for
/// them all. Throws ConfigError where a name is taken.
std::vector<StreamConfig> with_callers_apart(std::vector<StreamConfig> streams);

}  // namespace sluice::rules
