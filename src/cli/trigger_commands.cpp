#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "bson/builder.hpp"
#include "cli/commands.hpp"
#include "cli/display_width.hpp"
#include "cli/indented.hpp"
#include "cli/moment.hpp"
#include "cli/trigger_rule.hpp"
#include "cli/triggers.hpp"
#include "config/mask.hpp"
#include "language/json.hpp"
#include "observe/json_writer.hpp"
#include "observe/printable.hpp"
#include "pipeline/needs.hpp"
#include "pipeline/triggers.hpp"
#include "rules/registry.hpp"
#include "sluice/error.hpp"

namespace sluice::cli {

namespace {

using pipeline::Trigger;

/// The stream that the triggers would make, the new one last. Throws ConfigError for the new one.
StreamConfig judged(const StreamConfig& stream, std::vector<Trigger> others, const Trigger& trigger,
                    int parts = 1) {
  std::erase_if(others, [&](const Trigger& other) {
    return other.stream == trigger.stream && other.name == trigger.name;
  });
  others.push_back(trigger);
  const auto complain = [&](const Trigger& refused, const std::string& why) {
    if (refused == trigger) throw ConfigError(why);
  };
  return pipeline::trigger_stream(stream, others, complain, parts);
}

/// One that publishes without naming a JetStream stream gets the one that takes its subject.
Trigger trigger_of(const TriggerDesk& desk, const StreamConfig& stream, const TriggerRule& rule,
                   const std::string& text) {
  Trigger trigger{stream.name, rule.name, text, rule.rule};
  if (rule.jetstream == TriggerRule::JetStream::missing) {
    const std::string name = pipeline::jetstream_for(desk.streams(), stream, trigger);
    trigger.rule += "  stream: " + language::json_text(name) + "\n";
  }
  return trigger;
}

std::string quoted(const Trigger& trigger) {
  return fmt::format("trigger {} of {}", observe::printable(trigger.name), trigger.stream);
}

std::string json_of(const KeptTrigger& kept) {
  const Trigger& trigger = kept.trigger;
  observe::JsonWriter json;
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
    name = std::max(name, display_width(observe::printable(kept.trigger.name)));
    stream = std::max(stream, display_width(kept.trigger.stream));
  }
  const auto row = [&](const std::string& a, const std::string& b, const std::string& c,
                       const std::string& d) {
    out << fmt::format("{}  {}  {:<20}  {}\n", left_aligned(a, name), left_aligned(b, stream), c, d);
  };
  row("NAME", "STREAM", "SINCE", "TEXT");
  for (const KeptTrigger& kept : all) {
    const Trigger& trigger = kept.trigger;
    row(observe::printable(trigger.name), trigger.stream, moment_text(trigger.created_at_ms),
        on_one_line(config::mask_rule(trigger.text)));
    if (!kept.problem.empty()) out << "  does not run: " << observe::printable(kept.problem) << "\n";
  }
}

void print_rule(const StreamConfig& stream, const Trigger& trigger, std::ostream& out) {
  const auto rules = rules::make_rules(judged(stream, {}, trigger));
  bson::Builder stages;
  stages.open_array("pipeline");
  source::append_stages(stages, pipeline::filter_of(rules));
  stages.close();
  out << observe::printable_lines(config::mask_rule(trigger.rule))
      << (trigger.rule.ends_with('\n') ? "" : "\n");
  out << "# evaluated by the server, on " << stream.database << ":\n";
  out << observe::printable_json(indented(stages.finish().json())) << "\n";
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
  pipeline::TriggerStore& store = desk.store_of(stream);
  judged(stream, store.list(), trigger, desk.parts());
  if (!store.put(trigger, rule.replace)) {
    throw UsageError(fmt::format("there is a {} already; CREATE OR REPLACE TRIGGER puts another in its place",
                                 quoted(trigger)));
  }
  out << quoted(trigger) << " is created; workers take it up within seconds\n";
  return exit_code::ok;
}

int trigger_drop_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  if (arguments.operands.size() != 1) {
    throw UsageError("name one trigger; see sluice trigger drop --help");
  }
  TriggerDesk desk(arguments);
  const KeptTrigger kept = desk.only(arguments.operands.front());
  kept.store->drop(kept.trigger.stream, kept.trigger.name);
  out << quoted(kept.trigger) << " is dropped; workers leave it off within seconds\n";
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
