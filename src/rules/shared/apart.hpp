#pragma once

#include <string>
#include <vector>

#include "sluice/config.hpp"

namespace sluice::rules {

/// The name of the stream for a rule of `stream` that runs in a stream of its own.
std::string apart_name(const std::string& stream, const std::string& rule);

/// Whether a trigger runs in a stream of its own. A publishing trigger does, too: the other triggers may
/// belong to other people and must not wait until its JetStream stream can be used.
bool trigger_stands_apart(const RuleConfig& rule);

/// The name of the stream for the publishing rules of `stream`, if it has other rules as well. Names in a
/// file contain no colon, so it cannot be one of them.
std::string publishing_name(const std::string& stream);

/// Divides the streams of a file. Each rule that calls a server of its own gets a stream of its own, with its
/// own position, lanes and queue, so that a slow or dead server delays no other rule; so does each publishing
/// trigger. The publishing rules of a stream that has other rules as well get one stream together. Throws
/// ConfigError if a name is taken.
std::vector<StreamConfig> with_callers_apart(std::vector<StreamConfig> streams);

}  // namespace sluice::rules
