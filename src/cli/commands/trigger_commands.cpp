#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/commands/trigger_rule.hpp"
#include "cli/commands/triggers.hpp"
#include "cli/views/indented.hpp"
#include "cli/views/moment.hpp"
#include "config/mask.hpp"
#include "language/values/json.hpp"
#include "operations/triggers.hpp"
#include "requirements/requirements.hpp"
#include "rules/registry.hpp"
#include "sluice/bson_builder.hpp"
#include "sluice/error.hpp"
#include "text/display_width.hpp"
#include "text/json_writer.hpp"
#include "text/printable.hpp"

namespace sluice::cli {

namespace {

using checkpoint::Trigger;

operations::TriggerComplaint refuse_only(const Trigger& trigger) {
  return [&trigger](const Trigger& refused, const std::string& why) {
    if (refused == trigger) throw ConfigError(why);
  };
}

/// Throws ConfigError if the new trigger cannot run beside the others, of which it may replace one.
void check_new(const TriggerDesk& desk, std::vector<Trigger> others, const Trigger& trigger) {
  std::erase_if(others, [&](const Trigger& other) {
    return other.stream == trigger.stream && other.name == trigger.name;
  });
  others.push_back(trigger);
  operations::with_triggers(desk.streams(), others, refuse_only(trigger), desk.parts(), desk.relay());
}

/// The trigger to store. If it publishes without naming a JetStream stream, the stream that accepts its
/// subject is added to its rule.
Trigger trigger_of(const TriggerDesk& desk, const StreamConfig& stream, const TriggerRule& rule,
                   const std::string& text) {
  Trigger trigger{stream.name, rule.name, text, rule.rule};
  if (rule.jetstream == TriggerRule::JetStream::missing) {
    const std::string name = operations::jetstream_for(desk.streams(), stream, trigger);
    trigger.rule += "  stream: " + language::json_text(name) + "\n";
  }
  return trigger;
}

std::string quoted(const Trigger& trigger) {
  return fmt::format("trigger {} of {}", text::printable(trigger.name), trigger.stream);
}

std::string json_of(const KeptTrigger& kept) {
  const Trigger& trigger = kept.trigger;
  text::JsonWriter json;
  json.open_object().text("name", trigger.name).text("stream", trigger.stream);
  json.text("since", moment_text(trigger.created_at_ms)).text("text", config::mask_rule(trigger.text));
  json.text("rule", config::mask_rule(trigger.rule));
  if (!kept.problem.empty()) json.text("problem", kept.problem);
  return json.close_object().json();
}

void print_table(const std::vector<KeptTrigger>& all, std::ostream& out) {
  std::size_t name = 4;
  std::size_t stream = 6;
  for (const KeptTrigger& kept : all) {
    name = std::max(name, text::display_width(text::printable(kept.trigger.name)));
    stream = std::max(stream, text::display_width(kept.trigger.stream));
  }
  const auto row = [&](const std::string& a, const std::string& b, const std::string& c,
                       const std::string& d) {
    out << fmt::format("{}  {}  {:<20}  {}\n", text::left_aligned(a, name), text::left_aligned(b, stream), c,
                       d);
  };
  row("NAME", "STREAM", "SINCE", "TEXT");
  for (const KeptTrigger& kept : all) {
    const Trigger& trigger = kept.trigger;
    row(text::printable(trigger.name), trigger.stream, moment_text(trigger.created_at_ms),
        on_one_line(config::mask_rule(trigger.text)));
    if (!kept.problem.empty()) out << "  does not run: " << text::printable(kept.problem) << "\n";
  }
}

void print_rule(const StreamConfig& stream, const Trigger& trigger, std::ostream& out) {
  const auto rules = rules::make_rules(operations::trigger_stream(stream, {trigger}, refuse_only(trigger)));
  bson::Builder stages;
  stages.open_array("pipeline");
  source::append_stages(stages, requirements::filter_of(rules));
  stages.close();
  out << text::printable_lines(config::mask_rule(trigger.rule)) << (trigger.rule.ends_with('\n') ? "" : "\n");
  out << "# evaluated by the server, on " << stream.database << ":\n";
  out << text::printable_json(indented(stages.finish().json())) << "\n";
}

bool is_text(const std::string& operand) {
  return operand.find_first_of(" \t\n{") != std::string::npos;
}

}  // namespace

int trigger_list_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  TriggerDesk desk(arguments);
  const std::vector<KeptTrigger> all = desk.all();
  if (arguments.own.contains("json")) {
    for (const KeptTrigger& kept : all) out << json_of(kept) << "\n";
    return exit_code::ok;
  }
  if (!all.empty()) print_table(all, out);
  out << all.size() << (all.size() == 1 ? " trigger\n" : " triggers\n");
  return exit_code::ok;
}

int trigger_create_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  const std::string text = trigger_text(arguments);
  const TriggerRule rule = compile(text);
  TriggerDesk desk(arguments);
  const StreamConfig& stream = desk.stream(rule.stream);
  const Trigger trigger = trigger_of(desk, stream, rule, text);
  checkpoint::TriggerStore& store = desk.store_of(stream);
  check_new(desk, store.list(), trigger);
  if (!store.put(trigger, rule.replace)) {
    throw UsageError(
        fmt::format("{} already exists; use CREATE OR REPLACE TRIGGER to replace it", quoted(trigger)));
  }
  out << quoted(trigger) << " was created; workers load it within seconds\n";
  return exit_code::ok;
}

int trigger_drop_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  if (arguments.operands.size() != 1) {
    throw UsageError("name one trigger; see sluice trigger drop --help");
  }
  TriggerDesk desk(arguments);
  const KeptTrigger kept = desk.only(arguments.operands.front());
  kept.store->drop(kept.trigger.stream, kept.trigger.name);
  out << quoted(kept.trigger) << " was dropped; workers stop it within seconds\n";
  return exit_code::ok;
}

int trigger_explain_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  const std::string text = trigger_text(arguments);
  TriggerDesk desk(arguments);
  if (!arguments.own.contains("from") && !is_text(text)) {
    const KeptTrigger kept = desk.only(text);
    print_rule(desk.stream(kept.trigger.stream), kept.trigger, out);
    return exit_code::ok;
  }
  const TriggerRule rule = compile(text);
  const StreamConfig& stream = desk.stream(rule.stream);
  print_rule(stream, trigger_of(desk, stream, rule, text), out);
  return exit_code::ok;
}

}  // namespace sluice::cli
