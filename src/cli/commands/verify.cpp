#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <ostream>

#include "audit/verification.hpp"
#include "checkpoint/maintained_rules.hpp"
#include "cli/commands.hpp"
#include "cli/load_config.hpp"
#include "mongo/raii.hpp"
#include "observe/progress.hpp"
#include "rules/registry.hpp"
#include "sluice/error.hpp"
#include "text/printable.hpp"

namespace sluice::cli {
namespace {

std::int64_t whole_number(const Arguments& arguments, const char* flag, std::int64_t otherwise) {
  const auto given = arguments.own.find(flag);
  if (given == arguments.own.end()) return otherwise;
  std::int64_t number = 0;
  const std::string& text = given->second;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || number < 1) {
    throw UsageError(fmt::format("--{}: '{}' is not a whole number above 0", flag, text));
  }
  return number;
}

/// Prints differences on stdout as they are found, and the progress on stderr.
class Differences {
 public:
  Differences(std::ostream& out, bool repair, std::int64_t most)
      : out_(out), repair_(repair), most_(most), progress_(::isatty(STDERR_FILENO) == 1, write_stderr) {}

  audit::VerifyEvents events() {
    audit::VerifyEvents events;
    events.audit.difference = [this](const std::string& sentence) { difference(sentence); };
    events.audit.orphan = [this](const std::string& sentence) { orphan(sentence); };
    events.audit.unmendable = [this](const std::string& sentence) { line("cannot be mended: " + sentence); };
    events.audit.progress = [this](const std::string& what, std::int64_t done, std::int64_t total) {
      progress_.update(what, done, total, observe::Progress::Clock::now());
    };
    events.done = [this](const std::string& rule, const std::string& target,
                         const audit::AuditTotals& totals) { done(rule, target, totals); };
    return events;
  }

 private:
  static void write_stderr(const std::string& text) {
    const bool drawing = text.starts_with('\r');
    std::fputs((drawing ? text : text + "\n").c_str(), stderr);
  }

  void line(const std::string& text) {
    progress_.clear();
    out_ << text::printable(text) << "\n";
  }

  void difference(const std::string& sentence) {
    if (++said_ <= most_) line(sentence);
    if (said_ == most_ + 1) line("further differences are counted but not shown; see --limit");
  }

  /// Orphans have their own limit, so that many of them do not hide a difference.
  void orphan(const std::string& sentence) {
    if (++orphans_said_ <= most_) line(sentence);
    if (orphans_said_ == most_ + 1)
      line("further references to missing sources are counted but not shown; see --limit");
  }

  void done(const std::string& rule, const std::string& target, const audit::AuditTotals& totals) {
    std::string text =
        fmt::format("{}: {}: {} checked, {} differ", rule, target, totals.checked, totals.different);
    if (repair_) text += fmt::format(", {} mended", totals.mended);
    if (totals.orphans > 0)
      text += fmt::format(", {} refer to missing sources and are left unchanged", totals.orphans);
    if (totals.unmendable > 0) text += fmt::format(", {} cannot be repaired", totals.unmendable);
    line(text);
    out_.flush();
  }

  std::ostream& out_;
  bool repair_;
  std::int64_t most_;
  std::int64_t said_ = 0;
  std::int64_t orphans_said_ = 0;
  observe::Progress progress_;
};

}  // namespace

int verify_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  Config config = load_config_with_triggers(arguments);
  // Only triggers that maintain documents have targets to verify.
  std::erase_if(config.streams, [](const StreamConfig& stream) {
    return stream.of_triggers && checkpoint::maintained_of(rules::make_rules(stream)).empty();
  });
  audit::VerifyOptions options;
  options.repair = arguments.own.contains("repair");
  options.sample = whole_number(arguments, "sample", 0);
  if (const auto rule = arguments.own.find("rule"); rule != arguments.own.end()) options.rule = rule->second;
  Differences report(out, options.repair, whole_number(arguments, "limit", 100));
  const mongo::Driver driver;
  const audit::AuditTotals totals = audit::Verification(config, options, report.events()).run();
  const bool right = options.repair ? totals.mended == totals.different : totals.different == 0;
  return right ? exit_code::ok : exit_code::bad_configuration;
}

}  // namespace sluice::cli
