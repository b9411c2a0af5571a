#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/commands/set_off_report.hpp"
#include "config/load.hpp"
#include "config/yaml/yaml_tree.hpp"
#include "inspect/inspect.hpp"
#include "mongo/quiet.hpp"
#include "mongo/uri.hpp"
#include "operations/aws_rules.hpp"
#include "operations/relay_streams.hpp"
#include "rules/registry.hpp"
#include "rules/shared/apart.hpp"
#include "rules/shared/same_ids.hpp"
#include "sluice/error.hpp"
#include "text/json_writer.hpp"
#include "text/printable.hpp"

namespace sluice::cli {
namespace {

using inspect::Finding;

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

/// The result of checking one file.
struct Verdict {
  Config config;
  std::size_t streams = 0;  ///< number of streams in the file
  std::size_t rules = 0;
  config::Problems problems;
  SetOffReport set_offs;          ///< empty if there are problems
  std::vector<Finding> warnings;  ///< the same
};

std::vector<Finding> warnings_of(const std::vector<rules::PlacedRule>& placed) {
  std::vector<Finding> all;
  for (const rules::SameIds& one : rules::same_ids(placed)) {
    all.push_back(
        {inspect::Level::warning, one.rule,
         fmt::format("publishes the same events as {} to the {}, where AWS drops the second message of "
                     "an id within five minutes; set a 'message_id' of its own, such as \"{{token}}-2\"",
                     one.other, one.target)});
  }
  return all;
}

/// The text of a file or of standard input.
struct Input {
  std::string name;
  std::string text;
};

Input input_of(const std::string& file) {
  if (file != "-") return {file, config::read_text(file)};
  return {"<stdin>", std::string(std::istreambuf_iterator<char>(std::cin), {})};
}

/// Checks a document once: reads its settings, makes its rules, and has the driver parse its URIs.
Verdict judge_once(const std::shared_ptr<const config::YamlDocument>& document, const Arguments& arguments) {
  Verdict verdict;
  config::Judged judged = config::judge_document(document, arguments.flags, config::process_environment());
  verdict.problems = std::move(judged.problems);
  verdict.config = std::move(judged.loaded.config);
  extend(verdict.config, arguments.extensions);
  verdict.streams = verdict.config.streams.size();
  const std::vector<StreamConfig> stated = verdict.config.streams;
  std::vector<requirements::Rules> made;
  try {
    verdict.config.streams = rules::with_callers_apart(verdict.config.streams);
  } catch (const ConfigError& error) {
    config::append(verdict.problems, error);
  }
  for (const StreamConfig& stream : verdict.config.streams) {
    try {
      made.push_back(rules::make_rules(stream, verdict.config.parts()));
      verdict.rules += made.back().size();
      if (stream.uri_file.empty()) mongo::check_uri(stream.uri);
    } catch (const ConfigError& error) {
      config::append(verdict.problems, error);
    } catch (const Stop& error) {
      verdict.problems.push_back({"", 0, 0, error.what()});
    }
  }
  const auto attempt = [&](const auto& check) {
    try {
      check();
    } catch (const ConfigError& error) {
      config::append(verdict.problems, error);
    }
  };
  attempt([&] { operations::check_relay_streams(verdict.config.relay, verdict.config.streams); });
  attempt([&] { operations::check_aws_rules(verdict.config.aws, verdict.config.streams); });
  if (verdict.problems.empty()) {
    const auto placed = placed_rules(stated, verdict.config.streams, made);
    verdict.set_offs = SetOffReport(placed);
    verdict.warnings = warnings_of(placed);
  }
  verdict.problems = config::in_order(std::move(verdict.problems));
  return verdict;
}

/// Whether the place is in a rule or a stream. All problems elsewhere are found at once.
bool is_in_stream(const config::YamlDocument& document, config::Place place) {
  return std::ranges::any_of(document.top.entries, [&](const config::YamlEntry& one) {
    return (one.key == "rules" || one.key == "streams") && config::holds(document.top, one.place, place);
  });
}

/// Finds further problems, since a rule reports only its first one: cuts out the parts with problems, and
/// checks the rest again, repeatedly. Problems that a cut may have caused (around it, or a missing setting)
/// are left out.
void look_behind(const config::YamlDocument& document, const Arguments& arguments,
                 config::Problems& problems) {
  constexpr int most_rounds = 20;
  const auto place_of = [](const config::Problem& one) { return config::Place{one.line, one.column}; };
  auto rest = std::make_shared<config::YamlDocument>(document);
  rest->problems.clear();
  config::Problems found = problems;
  for (int round = 0; round < most_rounds && !found.empty(); ++round) {
    for (const config::Problem& one : found) {
      if (is_in_stream(document, place_of(one))) config::cut(rest->top, place_of(one));
    }
    const config::Problems next = judge_once(rest, arguments).problems;
    found.clear();
    for (const config::Problem& one : next) {
      const bool follows = std::ranges::any_of(problems, [&](const config::Problem& known) {
        return place_of(known) == place_of(one) ||
               config::holds(document.top, place_of(one), place_of(known));
      });
      const bool placed = one.line > 1 || one.column > 1;
      const bool lacks_a_cut_part = one.message.find("is missing") != std::string::npos ||
                                    one.message.find("has no kind") != std::string::npos;
      if (placed && !follows && !lacks_a_cut_part) found.push_back(one);
    }
    problems.insert(problems.end(), found.begin(), found.end());
  }
}

Verdict judge(const std::string& file, const Arguments& arguments) {
  try {
    const Input input = input_of(file);
    const config::Values environment = config::process_environment();
    const auto document = config::parse_yaml(input.text, input.name, &environment);
    Verdict verdict = judge_once(document, arguments);
    look_behind(*document, arguments, verdict.problems);
    verdict.problems = config::in_order(std::move(verdict.problems));
    return verdict;
  } catch (const ConfigError& error) {
    return {{}, 0, 0, config::problems_of(error), {}, {}};
  }
}

/// Prints the findings about each file as they are made, so that output appears while a server is slow.
class Report {
 public:
  virtual ~Report() = default;
  virtual void begin(const std::string& file, const Verdict& verdict) = 0;
  virtual void add(const Finding& finding) = 0;
  virtual void end() = 0;
};

class TextReport final : public Report {
 public:
  TextReport(std::ostream& out, std::ostream& err) : out_(out), err_(err) {}

  void begin(const std::string& file, const Verdict& verdict) override {
    // No prefix, since editors and CI look for FILE:LINE at the start of a line.
    for (const config::Problem& problem : verdict.problems) err_ << text::printable(problem.text()) << "\n";
    if (!verdict.problems.empty()) return;
    out_ << file << ": good: pipeline " << verdict.config.pipeline << ", "
         << counted(verdict.streams, "stream") << ", " << counted(verdict.rules, "rule") << std::endl;
  }

  void add(const Finding& finding) override {
    const std::string text = finding.subject + ": " + finding.message;
    out_ << fmt::format("{:<7}  {}", inspect::word_of(finding.level), text::printable(text)) << std::endl;
  }

  void end() override {}

 private:
  std::ostream& out_;
  std::ostream& err_;
};

/// Prints one JSON object per line for each file.
class JsonReport final : public Report {
 public:
  explicit JsonReport(std::ostream& out) : out_(out) {}

  void begin(const std::string& file, const Verdict& verdict) override {
    json_ = {};
    json_.open_object().text("file", file).boolean("good", verdict.problems.empty());
    json_.open_array("problems");
    for (const config::Problem& problem : verdict.problems) {
      json_.open_object().text("message", problem.message);
      if (!problem.file.empty()) json_.text("file", problem.file);
      if (problem.line > 0) json_.integer("line", problem.line).integer("column", problem.column);
      json_.close_object();
    }
    json_.close_array();
    verdict.set_offs.append_to(json_);
    json_.open_array("findings");
  }

  void add(const Finding& finding) override {
    json_.open_object().text("level", inspect::word_of(finding.level));
    json_.text("subject", finding.subject).text("message", finding.message).close_object();
  }

  void end() override { out_ << json_.close_array().close_object().json() << std::endl; }

 private:
  std::ostream& out_;
  text::JsonWriter json_;
};

/// Checks one file and returns its exit code.
int check(const std::string& file, const Arguments& arguments, Report& report) {
  const Verdict verdict = judge(file, arguments);
  report.begin(file, verdict);
  auto worst = verdict.problems.empty() ? inspect::Level::ok : inspect::Level::error;
  for (const Finding& finding : verdict.set_offs.findings()) report.add(finding);
  for (const Finding& finding : verdict.warnings) report.add(finding);
  if (verdict.problems.empty() && arguments.own.contains("online")) {
    inspect::inspect(verdict.config, [&](const Finding& finding) {
      worst = std::max(worst, finding.level);
      report.add(finding);
    });
  }
  report.end();
  if (worst == inspect::Level::unreachable) return exit_code::cannot_start;
  return worst == inspect::Level::error ? exit_code::bad_configuration : exit_code::ok;
}

}  // namespace

int check_command(const Arguments& arguments, std::ostream& out, std::ostream& err) {
  mongo::quiet_driver();
  TextReport text(out, err);
  JsonReport json(out);
  Report& report = arguments.own.contains("json") ? static_cast<Report&>(json) : text;
  std::vector<std::string> files = {arguments.file};
  files.insert(files.end(), arguments.operands.begin(), arguments.operands.end());
  int code = exit_code::ok;
  for (const std::string& file : files) {
    const int one = check(file, arguments, report);
    // An invalid file takes precedence over an unreachable server.
    code = code == exit_code::bad_configuration ? code : one == exit_code::ok ? code : one;
  }
  return code;
}

}  // namespace sluice::cli
