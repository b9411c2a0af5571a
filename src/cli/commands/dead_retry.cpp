#include <fmt/format.h>

#include <ostream>

#include "cli/commands.hpp"
#include "cli/commands/dead_letters.hpp"
#include "sinks/mongo/letter_effect.hpp"
#include "text/printable.hpp"

namespace sluice::cli {

namespace {

using operations::DeadLetters;
using operations::LetterId;
using operations::Retried;

constexpr std::size_t most_lines = 50;  // thousands may fail in the same way, so only the first are shown
constexpr std::size_t progress_every = 1000;

std::size_t total(const std::vector<ChosenOnCluster>& chosen) {
  std::size_t sum = 0;
  for (const ChosenOnCluster& on : chosen) sum += on.ids.size();
  return sum;
}

/// Prints the result of each retry, and counts the results.
class RetryReport {
 public:
  RetryReport(std::size_t letters, bool each, std::ostream& out, std::ostream& err)
      : letters_(letters), each_(each), out_(out), err_(err) {}

  void add(const LetterId& id, const Retried& retried) {
    switch (retried.end) {
      case Retried::End::done:
        ++done_;
        if (each_) line(id, "done");
        break;
      case Retried::End::gone:
        ++gone_;
        if (each_) line(id, "gone: applied by another retry, or dropped");
        break;
      case Retried::End::failed:
        ++failed_;
        line(id, "refused again: " + retried.why);
        break;
      case Retried::End::refused:
        ++failed_;
        line(id, "cannot be retried: " + retried.why);
        break;
    }
    const std::size_t so_far = done_ + gone_ + failed_;
    if (so_far % progress_every == 0 && so_far < letters_) {
      err_ << fmt::format("{} of {}", so_far, letters_) << std::endl;
    }
  }

  int finish() {
    if (lines_ > most_lines) out_ << fmt::format("... and {} more\n", lines_ - most_lines);
    out_ << fmt::format("{}: {} done", letters_counted(letters_), done_);
    if (gone_ > 0) out_ << fmt::format(", {} gone meanwhile", gone_);
    if (failed_ > 0) out_ << fmt::format(", {} still there", failed_);
    out_ << "\n";
    return failed_ > 0 ? exit_code::incomplete : exit_code::ok;
  }

 private:
  void line(const LetterId& id, const std::string& what) {
    if (++lines_ > most_lines) return;
    out_ << text::printable(operations::text_of(id) + ": " + what) << std::endl;
  }

  std::size_t letters_;
  bool each_;
  std::ostream& out_;
  std::ostream& err_;
  std::size_t done_ = 0;
  std::size_t gone_ = 0;
  std::size_t failed_ = 0;
  std::size_t lines_ = 0;
};

/// Prints a line for each letter, with the text that `say` returns for it.
template <typename Say>
void rehearse(const std::vector<ChosenOnCluster>& chosen, std::ostream& out, Say say) {
  std::size_t lines = 0;
  for (const ChosenOnCluster& on : chosen) {
    for (const LetterId& id : on.ids) {
      if (++lines > most_lines) break;
      const auto letter = on.letters->find(id, false);
      if (!letter) continue;
      out << text::printable(operations::text_of(id) + ": " + say(*on.letters, *letter)) << "\n";
    }
  }
  if (lines > most_lines) out << "... and so on\n";
}

std::string effect_of(const operations::Letter& letter) {
  return sinks::effect_in_words(letter.view().at("effect").document());
}

std::string would_retry(const DeadLetters& letters, const operations::Letter& letter) {
  const std::string why_not = letters.why_not(letter);
  return why_not.empty() ? "would do: " + effect_of(letter) : "cannot be retried: " + why_not;
}

std::string would_drop(const DeadLetters&, const operations::Letter& letter) {
  return "would be dropped: " + effect_of(letter);
}

}  // namespace

int dead_retry_command(const Arguments& arguments, std::ostream& out, std::ostream& err) {
  DeadDesk desk(arguments);
  const auto chosen = desk.chosen(arguments);
  if (arguments.own.contains("dry-run")) {
    rehearse(chosen, out, would_retry);
    out << letters_counted(total(chosen)) << " would be retried; nothing was changed\n";
    return exit_code::ok;
  }
  RetryReport report(total(chosen), !arguments.own.contains("all"), out, err);
  for (const ChosenOnCluster& on : chosen) {
    for (const LetterId& id : on.ids) report.add(id, on.letters->retry(id));
  }
  return report.finish();
}

int dead_drop_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  DeadDesk desk(arguments);
  const auto chosen = desk.chosen(arguments);
  if (arguments.own.contains("dry-run")) {
    rehearse(chosen, out, would_drop);
    out << letters_counted(total(chosen)) << " would be dropped; nothing was changed\n";
    return exit_code::ok;
  }
  std::int64_t dropped = 0;
  for (const ChosenOnCluster& on : chosen) dropped += on.letters->drop(on.ids);
  out << letters_counted(static_cast<std::size_t>(dropped)) << " dropped\n";
  return exit_code::ok;
}

}  // namespace sluice::cli
