#include "language/values/like.hpp"

#include <algorithm>
#include <vector>

#include "language/values/operators.hpp"
#include "text/hex.hpp"

namespace sluice::language {

namespace {

void append_itself(std::string& regex, char c) {
  const auto byte = static_cast<unsigned char>(c);
  const bool plain =
      (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || byte >= 0x80;
  if (plain) {
    regex += c;
  } else {
    const auto digits = text::upper_hex_digits(byte);
    regex.append("\\x").append(digits.data(), digits.size());
  }
}

/// The pieces between the %, as regular expressions. Absent if the pattern uses `escape` incorrectly.
std::optional<std::vector<std::string>> pieces_of(std::string_view pattern, char escape) {
  std::vector<std::string> pieces(1);
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool escaped = escape != '\0' && pattern[i] == escape;
    if (escaped && ++i == pattern.size()) return std::nullopt;
    const char c = pattern[i];
    if (escaped && c != '%' && c != '_' && c != escape) return std::nullopt;
    if (!escaped && c == '%') {
      pieces.emplace_back();
    } else if (!escaped && c == '_') {
      pieces.back() += '.';
    } else {
      append_itself(pieces.back(), c);
    }
  }
  return pieces;
}

std::string index_of(const Term& text, const std::string& piece, const std::vector<std::string>& where) {
  std::vector<std::string> arguments{text.json, piece};
  arguments.insert(arguments.end(), where.begin(), where.end());
  return call_list("$indexOfBytes", arguments);
}

/// The byte offset at which the last piece ends, when each piece is searched for after the one before; -1 if
/// a piece is missing.
std::string end_of_all(const Term& text, const std::vector<std::string>& pieces, std::size_t start) {
  if (pieces.empty()) return std::to_string(start);
  const std::string before = json_text("$$value");
  const std::string piece = json_text("$$this");
  const std::string at = json_text("$$at");
  const std::string end = call_list(
      "$cond", {call_list("$lt", {at, "0"}), "-1", call_list("$add", {at, call("$strLenBytes", piece)})});
  const std::string found = call(
      "$let", json_object({{"vars", json_object({{"at", index_of(text, piece, {before})}})}, {"in", end}}));
  std::vector<std::string> texts;
  for (const std::string& one : pieces) texts.push_back(text_term(one).json);
  return call("$reduce",
              json_object({{"input", json_list(texts)},
                           {"initialValue", std::to_string(start)},
                           {"in", call_list("$cond", {call_list("$lt", {before, "0"}), "-1", found})}}));
}

/// Whether `text` begins with the first piece, ends with the last, and has the others between them in order.
/// `text` must be a text or null, in plain form.
Term has_pieces(const Term& text, const std::vector<std::string>& pieces) {
  const auto truth = [](std::string json) { return Term{std::move(json), Type::boolean}; };
  const std::string& first = pieces.front();
  const std::string& last = pieces.back();
  if (pieces.size() == 1) return truth(call_list("$eq", {text.json, text_term(first).json}));
  std::vector<std::string> checks{call_list("$gt", {text.json, "null"})};
  if (!first.empty()) {
    const std::string size = std::to_string(first.size());
    checks.push_back(call_list("$eq", {index_of(text, text_term(first).json, {"0", size}), "0"}));
  }
  std::vector<std::string> between(pieces.begin() + 1, pieces.end() - 1);
  std::erase(between, "");
  const std::string end = end_of_all(text, between, first.size());
  if (last.empty()) {
    if (!between.empty()) checks.push_back(call_list("$gte", {end, "0"}));
    return truth(call_list("$and", checks));
  }
  const std::string start =
      call_list("$subtract", {call("$strLenBytes", text.json), std::to_string(last.size())});
  const std::string from = json_text("$$start");
  const std::string ends = call_list(
      "$and", {call_list("$gte", {json_text("$$end"), "0"}), call_list("$lte", {json_text("$$end"), from}),
               call_list("$eq", {index_of(text, text_term(last).json, {from}), from})});
  checks.push_back(
      call("$let", json_object({{"vars", json_object({{"end", end}, {"start", start}})}, {"in", ends}})));
  return truth(call_list("$and", checks));
}

}  // namespace

std::optional<std::string> like_regex(std::string_view pattern, char escape) {
  const auto pieces = pieces_of(pattern, escape);
  if (!pieces) return std::nullopt;
  std::string regex = "^" + pieces->front();
  for (std::size_t i = 1; i + 1 < pieces->size(); ++i) {
    if (!(*pieces)[i].empty()) regex += "(?>.*?" + (*pieces)[i] + ")";
  }
  if (pieces->size() == 1) return regex + "\\z";
  if (pieces->back().empty()) return regex;
  return regex + ".*" + pieces->back() + "\\z";
}

std::optional<std::vector<std::string>> like_pieces(std::string_view pattern, char escape) {
  std::vector<std::string> pieces(1);
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool escaped = escape != '\0' && pattern[i] == escape && ++i < pattern.size();
    if (!escaped && pattern[i] == '_') return std::nullopt;
    if (!escaped && pattern[i] == '%') {
      pieces.emplace_back();
    } else {
      pieces.back() += pattern[i];
    }
  }
  return pieces;
}

std::optional<Term> like(const Term& value, std::string_view pattern, char escape) {
  constexpr const char* most_bytes = "50000";
  const auto regex = like_regex(pattern, escape);
  if (!regex) return std::nullopt;
  const auto pieces = like_pieces(pattern, escape);
  const Term text = as(Type::text, value);
  if (text.is_null()) return boolean_term(false);  // the server evaluates constants early, and fails on this
  return bound("subject", text, [&](const Term& subject) {
    if (pieces) return has_pieces(subject, *pieces);
    const std::string fits =
        call_list("$and", {call_list("$gt", {subject.json, "null"}),
                           call_list("$lte", {call("$strLenBytes", subject.json), most_bytes})});
    const Term short_enough{call_list("$cond", {fits, subject.json, "null"}), Type::text};
    return bound("short", short_enough, [&](const Term& one) { return matches(one, *regex, "s"); });
  });
}

}  // namespace sluice::language
