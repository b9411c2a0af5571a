#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bson/json_writer.hpp"
#include "sluice/event.hpp"

/// Messages as Debezium's connector for MongoDB publishes them, without schemas.
namespace sluice::rules {

/// The message's key: {"id":"..."} with the id as JSON in a string.
std::string debezium_key(const bson::Value& id);

/// The message's value: before, after, updateDescription, source, op, ts_ms. `name` is the logical name of
/// the source. Only for events about a document. With a failure the document cannot be written as JSON.
std::string debezium_value(const ChangeEvent& event, std::string_view name, bson::JsonFailure& failure);

/// The logical name in front of a topic template: what stands before its first name in braces, without the
/// dot at the end; "sluice" if nothing stands there.
std::string debezium_name(std::string_view topic);

}  // namespace sluice::rules
