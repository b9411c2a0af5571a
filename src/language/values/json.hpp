#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Builds Extended JSON as text. Expressions are compiled once, at start-up, and parsed again by the code
/// that puts them into a pipeline.
namespace sluice::language {

using Members = std::vector<std::pair<std::string, std::string>>;

/// The text as a JSON string, in quotes.
std::string json_text(std::string_view text);
std::string json_object(const Members& members);
std::string json_list(const std::vector<std::string>& items);

/// {name: argument}
std::string call(std::string_view name, const std::string& argument);
/// {name: [arguments]}
std::string call_list(std::string_view name, const std::vector<std::string>& arguments);
/// {$let: {vars: variables, in: in}}
std::string let(const Members& variables, const std::string& in);

/// How deep maps and lists are nested in each other.
std::size_t nesting(std::string_view json);

}  // namespace sluice::language
