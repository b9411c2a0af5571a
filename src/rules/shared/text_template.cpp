#include "rules/shared/text_template.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "bson/text.hpp"
#include "rules/registry.hpp"
#include "text/hex.hpp"
#include "text/json.hpp"
#include "text/percent.hpp"

namespace sluice::rules {

namespace {

constexpr std::string_view missing = "%-";

constexpr bool stands_in_a_line(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte != 0x7F && c != '%';
}

constexpr bool stands_in_a_subject(char c) {
  return stands_in_a_line(c) && c != ' ' && c != '.' && c != '*' && c != '>';
}

constexpr bool stands_in_a_url(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter || c == '-' || c == '.' || c == '_' || c == '~';
}

constexpr bool stands_in_a_topic(char c) {
  return stands_in_a_url(c) && c != '~';
}

using Alphabet = std::array<bool, 256>;

constexpr Alphabet alphabet(bool (*stands)(char)) {
  Alphabet all{};
  for (std::size_t byte = 0; byte < all.size(); ++byte) all[byte] = stands(static_cast<char>(byte));
  return all;
}

/// The characters that are not escaped.
const Alphabet& alphabet_of(TextTemplate::Escape escape) {
  static constexpr Alphabet line = alphabet(stands_in_a_line);
  static constexpr Alphabet subject = alphabet(stands_in_a_subject);
  static constexpr Alphabet topic = alphabet(stands_in_a_topic);
  static constexpr Alphabet url = alphabet(stands_in_a_url);
  switch (escape) {
    case TextTemplate::Escape::subject:
      return subject;
    case TextTemplate::Escape::topic:
      return topic;
    case TextTemplate::Escape::url:
    case TextTemplate::Escape::form:
      return url;
    default:
      return line;
  }
}

/// How many bytes at the front of `text` are not escaped.
std::size_t plain_size(std::string_view text, TextTemplate::Escape escape) {
  const Alphabet& plain = alphabet_of(escape);
  std::size_t size = 0;
  while (size < text.size() && plain[static_cast<unsigned char>(text[size])]) ++size;
  return size;
}

bool leads_elsewhere(std::string_view part) {
  return part.empty() || part == "." || part == "..";
}

template <typename Text>
void append_escaped(Text& out, std::string_view value, TextTemplate::Escape escape) {
  if (escape == TextTemplate::Escape::json)
    return text::append_json_escaped(out, value, text::JsonEscape::replace_invalid);
  if (escape == TextTemplate::Escape::none || escape == TextTemplate::Escape::verbatim)
    return out.append(value);
  if (escape == TextTemplate::Escape::subject && value.empty()) out.append('%');
  if (escape == TextTemplate::Escape::topic && value.empty()) out.append('_');
  if (escape == TextTemplate::Escape::url && leads_elsewhere(value)) out.spoil();
  while (!value.empty()) {
    const std::string_view plain = value.substr(0, plain_size(value, escape));
    out.append(plain);
    value.remove_prefix(plain.size());
    if (value.empty()) return;
    if (escape == TextTemplate::Escape::topic) {
      out.append('_');
    } else {
      const auto encoded = text::percent_encoded(value.front());
      out.append(std::string_view(encoded.data(), encoded.size()));
    }
    value.remove_prefix(1);
  }
}

template <typename Number>
std::string number_text(Number number) {
  char text[40];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

/// The token of a snapshot's document, which has no resume token of its own: made of the run, the collection
/// and the id.
std::string snapshot_token(const ChangeEvent& event) {
  constexpr std::size_t most_plain = 32;
  const auto raw = event.id.raw();
  std::string text = "snapshot-" + std::string(event.snapshot_run) + "-" + std::string(event.collection) +
                     "-" + number_text(static_cast<int>(event.id.type())) + "-";
  if (raw.size() <= most_plain) {
    text::append_hex(text, raw.data(), raw.size());
    return text;
  }
  constexpr std::uint64_t one_seed = 1;
  constexpr std::uint64_t other_seed = 0x9E3779B97F4A7C15;
  return text + number_text(bson::stable_hash(raw, one_seed)) + "-" +
         number_text(bson::stable_hash(raw, other_seed));
}

bool is_of_the_id(const std::string& path) {
  return path == "_id" || path.starts_with("_id.");
}

bson::Value value_in_id(const ChangeEvent& event, const std::string& path) {
  constexpr std::string_view start = "_id.";
  return path == "_id" ? event.id : event.id.document().at_path(std::string_view(path).substr(start.size()));
}

}  // namespace

TextTemplate::TextTemplate(const Settings& settings, std::string_view key, std::string_view otherwise,
                           const std::vector<std::pair<std::string, std::string>>& names, Escape escape)
    : TextTemplate(settings, key, Stated{settings.text_or(key, otherwise)}, names, escape) {}

TextTemplate TextTemplate::of(const Settings& settings, std::string_view key, std::string text,
                              const std::vector<std::pair<std::string, std::string>>& names, Escape escape) {
  return {settings, key, Stated{std::move(text)}, names, escape};
}

/// Where the next name in braces begins. With Escape::json and Escape::none the text may contain other
/// braces, so only braces around a possible name count.
std::size_t TextTemplate::find_name(std::string_view text) const {
  auto open = text.find('{');
  if (escape_ != Escape::json && escape_ != Escape::none) return open;
  constexpr const char* in_a_name = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  while (open != std::string_view::npos) {
    const auto end = text.find_first_not_of(in_a_name, open + 1);
    if (end != std::string_view::npos && text[end] == '}' && end > open + 1) return open;
    open = text.find('{', open + 1);
  }
  return open;
}

TextTemplate::TextTemplate(const Settings& settings, std::string_view key, Stated stated,
                           const std::vector<std::pair<std::string, std::string>>& names, Escape escape)
    : text_(std::move(stated.text)), escape_(escape) {
  std::string_view rest = text_;
  while (!rest.empty()) {
    const auto open = find_name(rest);
    if (open != 0) parts_.push_back({What::literal, std::string(rest.substr(0, open))});
    if (open == std::string_view::npos) break;
    const auto close = rest.find('}', open);
    if (close == std::string_view::npos) settings.fail(key, "'" + text_ + "' has a { without a closing }");
    add(settings, key, std::string(rest.substr(open + 1, close - open - 1)), names);
    rest.remove_prefix(close + 1);
  }
  // Joins adjacent literals.
  for (std::size_t i = 1; i < parts_.size();) {
    const bool both = parts_[i - 1].what == What::literal && parts_[i].what == What::literal;
    if (!both) {
      ++i;
      continue;
    }
    parts_[i - 1].text += parts_[i].text;
    parts_.erase(parts_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void TextTemplate::add(const Settings& settings, std::string_view key, const std::string& name,
                       const std::vector<std::pair<std::string, std::string>>& names) {
  static const std::vector<std::pair<std::string, What>> known = {{"db", What::database},
                                                                  {"coll", What::collection},
                                                                  {"op", What::operation},
                                                                  {"id", What::id},
                                                                  {"token", What::token}};
  if (const auto found = std::ranges::find(names, name, &std::pair<std::string, std::string>::first);
      found != names.end()) {
    parts_.push_back({What::literal, found->second});
    return;
  }
  if (const auto found = std::ranges::find(known, name, &std::pair<std::string, What>::first);
      found != known.end()) {
    parts_.push_back({found->second, {}});
    return;
  }
  if (name.empty()) settings.fail(key, "'" + text_ + "' has an empty {}; name a field in it");
  check_path(settings, key, name);
  parts_.push_back({What::field, name});
}

template <typename Text>
void TextTemplate::append_to(Text& out, const ChangeEvent& event) const {
  const auto put = [&](std::string_view value) { append_escaped(out, value, escape_); };
  const auto put_value = [&](const bson::Value& value) {
    if (value) {
      put(bson::text_of(value));
    } else if (escape_ == Escape::subject) {
      out.append(missing);
    } else if (escape_ == Escape::topic) {
      out.append('_');
    } else if (escape_ == Escape::url) {
      out.spoil();
    }
  };
  for (const Part& part : parts_) {
    switch (part.what) {
      case What::literal:
        out.append(part.text);
        break;
      case What::database:
        put(event.database);
        break;
      case What::collection:
        put(event.collection);
        break;
      case What::operation:
        put(name_of(event.operation));
        break;
      case What::id:
        put_value(event.id);
        break;
      case What::token:
        if (event.operation == Operation::snapshot) {
          put(snapshot_token(event));
        } else {
          put(event.token_data);
        }
        break;
      case What::field: {
        const bson::Value after = event.full_document.at_path(part.text);
        put_value(after || event.full_document ? after : event.before.at_path(part.text));
        break;
      }
    }
  }
}

template void TextTemplate::append_to(InlineText& out, const ChangeEvent& event) const;
template void TextTemplate::append_to(LongText& out, const ChangeEvent& event) const;
TextTemplate::Filled TextTemplate::fill(std::string& out, const ChangeEvent& event,
                                        const FieldOf& field_of) const {
  Filled filled = Filled::whole;
  const auto put = [&](const bson::Value& value) {
    if (value) {
      bson::append_text(out, value);
    } else {
      filled = Filled::without_a_field;
    }
  };
  for (const Part& part : parts_) {
    switch (part.what) {
      case What::literal:
        out += part.text;
        break;
      case What::database:
        out += event.database;
        break;
      case What::collection:
        out += event.collection;
        break;
      case What::operation:
        out += name_of(event.operation);
        break;
      case What::token:
        out += event.token_data;
        break;
      case What::id:
        put(event.id);
        break;
      case What::field: {
        const auto value =
            is_of_the_id(part.text) ? std::optional(value_in_id(event, part.text)) : field_of(part.text);
        if (!value) return Filled::unknown;
        put(*value);
        break;
      }
    }
  }
  return filled;
}

std::vector<std::string> TextTemplate::fields() const {
  std::vector<std::string> paths;
  for (const Part& part : parts_) {
    if (part.what == What::field && !is_of_the_id(part.text)) paths.push_back(part.text);
  }
  return paths;
}

bool TextTemplate::tells_of_the_collection() const {
  return std::ranges::any_of(parts_, [](const Part& part) { return part.what == What::collection; });
}

bool TextTemplate::tells_of_the_document() const {
  return std::ranges::any_of(
      parts_, [](const Part& part) { return part.what == What::id || part.what == What::field; });
}

bool TextTemplate::tells_of_the_change() const {
  return std::ranges::any_of(
      parts_, [](const Part& part) { return part.what == What::operation || part.what == What::token; });
}

std::string_view TextTemplate::fixed_start() const {
  return parts_.empty() || parts_[0].what != What::literal ? std::string_view{}
                                                           : std::string_view(parts_[0].text);
}

std::string TextTemplate::pattern() const {
  std::string all;
  bool named = false;  // the current token contains a name
  std::string part;
  const auto end_part = [&] {
    all += named ? "*" : part;
    named = false;
    part.clear();
  };
  for (const Part& one : parts_) {
    named |= one.what != What::literal;
    for (const char c : one.text) {
      if (one.what != What::literal) break;  // its text is the name of a field
      if (c != '.') {
        part += c;
        continue;
      }
      end_part();
      all += '.';
    }
  }
  end_part();
  return all;
}

bool TextTemplate::is_fixed() const {
  return std::ranges::all_of(parts_, [](const Part& part) { return part.what == What::literal; });
}

}  // namespace sluice::rules
