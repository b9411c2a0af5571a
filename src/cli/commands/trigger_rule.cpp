#include "cli/commands/trigger_rule.hpp"

#include "language/parser/trigger.hpp"
#include "sluice/settings.hpp"

namespace sluice::cli {

TriggerRule compile(const std::string& text) {
  try {
    const language::Statement statement = language::parse_statement(text);
    const auto* trigger = std::get_if<language::Trigger>(&statement);
    if (trigger == nullptr)
      throw ConfigError(
          "expected a text that begins with CREATE TRIGGER; to drop a trigger: sluice trigger drop FILE "
          "NAME");
    auto jetstream = TriggerRule::JetStream::none;
    if (const auto* publish = std::get_if<language::PublishAction>(&trigger->action)) {
      jetstream = publish->stream.empty() ? TriggerRule::JetStream::missing : TriggerRule::JetStream::named;
    }
    return {trigger->name, trigger->stream, trigger->or_replace, language::rule_yaml(*trigger), jetstream};
  } catch (const language::LanguageError& error) {
    throw ConfigError(error.what());
  }
}

}  // namespace sluice::cli
