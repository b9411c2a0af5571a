#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/commands/dead_letters.hpp"
#include "cli/views/indented.hpp"
#include "cli/views/moment.hpp"
#include "config/names.hpp"
#include "sinks/mongo/letter_effect.hpp"
#include "text/display_width.hpp"
#include "text/printable.hpp"
#include "text/utf8.hpp"

namespace sluice::cli {

namespace {

using operations::Letter;

constexpr long long usual_limit = 100;
constexpr long long most_listed = 1'000'000;
constexpr std::size_t widest_error = 60;

struct Row {
  std::string id;
  std::string when;
  std::string rule;
  std::string tries;
  std::string error;
  std::string effect;
};

Row row_of(const Letter& letter) {
  const bson::View view = letter.view();
  const bson::View error = view.at("error").document();
  using text::printable;
  const std::string why =
      fmt::format("{} {}", error.at("code").integer().value_or(0), error.at("message").text());
  return {printable(operations::text_of(letter.id())),
          moment_text(view.at("at").date_ms()),
          printable(view.at("rule").text()),
          std::to_string(view.at("attempts").integer().value_or(0)),
          text::cut_to_bytes(printable(why), widest_error),
          printable(sinks::effect_in_words(view.at("effect").document()))};
}

std::size_t width(const std::vector<Row>& rows, std::string Row::*column) {
  std::size_t widest = 0;
  for (const Row& row : rows) widest = std::max(widest, text::display_width(row.*column));
  return widest;
}

void print_table(const std::vector<Letter>& letters, std::ostream& out) {
  std::vector<Row> rows = {{"ID", "WHEN", "RULE", "RETRIES", "ERROR", "EFFECT"}};
  for (const Letter& letter : letters) rows.push_back(row_of(letter));
  const std::size_t rule = width(rows, &Row::rule);
  const std::size_t error = width(rows, &Row::error);
  for (const Row& row : rows) {
    out << fmt::format("{:<24}  {:<20}  {}  {:<7}  {}  {}\n", row.id, row.when,
                       text::left_aligned(row.rule, rule), row.tries, text::left_aligned(row.error, error),
                       row.effect);
  }
}

long long limit_of(const Arguments& arguments) {
  const auto given = arguments.own.find("limit");
  if (given == arguments.own.end()) return usual_limit;
  const auto limit = config::whole_number(given->second);
  if (limit && *limit >= 1 && *limit <= most_listed) return *limit;
  throw UsageError(
      fmt::format("--limit must be a whole number from 1 to {}, not '{}'", most_listed, given->second));
}

/// The newest letters of all clusters, newest first.
std::vector<Letter> newest(DeadDesk& desk, const operations::LetterFilter& filter, long long limit,
                           bool whole) {
  std::vector<Letter> letters;
  for (auto& cluster : desk.clusters()) {
    for (Letter& letter : cluster->newest(filter, limit, whole)) letters.push_back(std::move(letter));
  }
  const auto at = [](const Letter& letter) { return letter.view().at("at").date_ms(); };
  std::ranges::stable_sort(letters, std::greater<>(), at);
  if (letters.size() > static_cast<std::size_t>(limit)) letters.erase(letters.begin() + limit, letters.end());
  return letters;
}

std::string count_line(std::size_t shown, std::int64_t all) {
  if (all <= static_cast<std::int64_t>(shown)) return letters_counted(shown);
  return fmt::format("the newest {} of {} dead letters; --limit N shows more", shown, all);
}

}  // namespace

int dead_list_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  const operations::LetterFilter filter = letter_filter(arguments);
  const long long limit = limit_of(arguments);
  const bool json = arguments.own.contains("json");
  DeadDesk desk(arguments);
  const std::vector<Letter> letters = newest(desk, filter, limit, json);
  if (letters.empty()) desk.refuse_typos(filter);
  if (json) {
    for (const Letter& letter : letters) out << text::printable_json(letter.view().json()) << "\n";
    return exit_code::ok;
  }
  if (!letters.empty()) print_table(letters, out);
  std::int64_t all = 0;
  for (auto& cluster : desk.clusters()) all += cluster->count(filter);
  out << count_line(letters.size(), all) << "\n";
  return exit_code::ok;
}

int dead_show_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  if (arguments.operands.size() != 1) {
    throw UsageError("name one dead letter by its ID; see sluice dead show --help");
  }
  DeadDesk desk(arguments);
  for (const ChosenOnCluster& on : desk.chosen(arguments)) {
    if (on.ids.empty()) continue;
    const auto letter = on.letters->find(on.ids[0], true);
    if (letter) out << text::printable_json(indented(letter->view().json())) << "\n";
  }
  return exit_code::ok;
}

}  // namespace sluice::cli
