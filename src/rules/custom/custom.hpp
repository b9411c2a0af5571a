#pragma once

#include <memory>
#include <string>

#include "sluice/config.hpp"
#include "sluice/extensions.hpp"

/// Rules and sinks that the program registered (sluice/extensions.hpp).
namespace sluice::rules {

/// Whether the rule is of a kind that was registered as a sink.
bool is_custom_sink(const RuleConfig& rule);

/// Makes a rule of a registered kind; null if the kind is not registered. Throws ConfigError.
std::unique_ptr<Rule> make_custom(const RuleConfig& rule, const std::string& database);

/// Makes a rule that sends changes to a registered sink.
std::unique_ptr<Rule> make_custom_sink(const RuleConfig& rule, const std::string& database,
                                       const SinkType& type);

/// Calls a factory. An exception, or a null result, becomes a ConfigError at the place of the rule.
template <typename Make>
auto call_factory(const RuleConfig& rule, Make make) -> decltype(make()) {
  const std::string who = "the factory of '" + rule.kind + "' ";
  std::string why = "threw an exception of unknown type";
  try {
    if (auto made = make()) return made;
    why = "returned nothing";
  } catch (const ConfigError&) {
    throw;
  } catch (const std::exception& error) {
    why = std::string("failed: ") + error.what();
  } catch (...) {
  }
  rule.settings.fail("", who + why);
}

}  // namespace sluice::rules
