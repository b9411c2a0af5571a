#define PCRE2_CODE_UNIT_WIDTH 8
#include "sluice/collection_set.hpp"

#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace sluice {

namespace {

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};
using Code = std::unique_ptr<pcre2_code, FreeCode>;

/// Collections that never match: those of the server, and the temporary ones that $out and mapReduce rename
/// when they are complete.
constexpr const char* never = R"(\A(?:system\.|tmp\.agg_out\.|tmp\.mr\.))";

Code compile(const std::string& expression) {
  int code = 0;
  PCRE2_SIZE offset = 0;
  Code made(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(), PCRE2_UTF,
                          &code, &offset, nullptr));
  if (made) return made;
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  throw std::invalid_argument(fmt::format("'/{}/' is not a valid regular expression: {} (at character {})",
                                          expression, reinterpret_cast<const char*>(text.data()),
                                          offset + 1));
}

bool matches(const Code& code, std::string_view name) {
  const std::unique_ptr<pcre2_match_data, FreeMatch> found(
      pcre2_match_data_create_from_pattern(code.get(), nullptr));
  return pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(name.data()), name.size(), 0, 0, found.get(),
                     nullptr) >= 0;
}

bool is_expression(std::string_view text) {
  return text.size() > 1 && text.starts_with('/') && text.ends_with('/');
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// Translates a glob pattern to a regular expression. Everything but letters, digits and `_` is written by
/// its code, so that it is matched literally.
std::string expression_of_glob(std::string_view glob) {
  std::string out = "(?s)\\A";
  for (const char c : glob) {
    if (c == '*') {
      out += ".*";
    } else if (c == '?') {
      out += '.';
    } else if (is_word(c)) {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out + "\\z";
}

bool in(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

void add(CollectionSet::Side& side, const std::string& item) {
  if (is_expression(item)) {
    if (item.size() == 2) throw std::invalid_argument("'//' is not a valid regular expression: it is empty");
    side.expressions.push_back(item.substr(1, item.size() - 2));
  } else if (item.starts_with('/')) {
    throw std::invalid_argument("'" + item +
                                "' begins with a slash: a regular expression stands between two, and what "
                                "would stand behind them begins it, such as /(?i)^orders/");
  } else if (is_pattern(item)) {
    side.expressions.push_back(expression_of_glob(item));
  } else {
    side.names.push_back(item);
  }
}

}  // namespace

class CollectionSet::Matcher {
 public:
  Matcher(const Side& included, const Side& excluded) {
    for (const std::string& one : included.expressions) included_.push_back(compile(one));
    for (const std::string& one : excluded.expressions) excluded_.push_back(compile(one));
  }

  bool included(std::string_view name) const { return any(included_, name); }
  bool excluded(std::string_view name) const { return any(excluded_, name); }

 private:
  static bool any(const std::vector<Code>& codes, std::string_view name) {
    return std::ranges::any_of(codes, [&](const Code& code) { return matches(code, name); });
  }

  std::vector<Code> included_;
  std::vector<Code> excluded_;
};

CollectionSet::CollectionSet(const std::vector<std::string>& items, const std::vector<std::string>& hidden) {
  if (items.size() > most_items) {
    throw std::invalid_argument(fmt::format("at most {} names and patterns are allowed", most_items));
  }
  for (const std::string& item : items) {
    if (item.size() > most_bytes) {
      throw std::invalid_argument(
          fmt::format("a pattern has at most {} bytes, this one {}", most_bytes, item.size()));
    }
    text_ += (text_.empty() ? "" : ", ") + item;
    if (item.starts_with('!')) {
      add(excluded_, item.substr(1));
      continue;
    }
    add(included_, item);
    starts_.push_back(is_expression(item) ? "" : item.substr(0, item.find_first_of("*?")));
  }
  if (included_.names.empty() && included_.expressions.empty()) {
    throw std::invalid_argument("'" + text_ +
                                "' only excludes: state what is included before it, such as '*'");
  }
  const bool excludes = !excluded_.names.empty() || !excluded_.expressions.empty();
  if (excludes && included_.expressions.empty()) {
    throw std::invalid_argument("'" + text_ + "' excludes from a pattern, and states none");
  }
  excluded_.names.insert(excluded_.names.end(), hidden.begin(), hidden.end());
  excluded_.expressions.emplace_back(never);
  matcher_ = std::make_unique<const Matcher>(included_, excluded_);
}

CollectionSet::~CollectionSet() = default;

bool CollectionSet::contains(std::string_view name) const {
  const bool included = in(included_.names, name) || matcher_->included(name);
  return included && !in(excluded_.names, name) && !matcher_->excluded(name);
}

bool CollectionSet::may_share(const CollectionSet& other) const {
  return std::ranges::any_of(starts_, [&](const std::string& mine) {
    return std::ranges::any_of(other.starts_, [&](const std::string& theirs) {
      return mine.starts_with(theirs) || theirs.starts_with(mine);
    });
  });
}

bool is_pattern(std::string_view text) {
  return is_expression(text) || text.starts_with('!') || text.find_first_of("*?") != std::string_view::npos;
}

}  // namespace sluice
