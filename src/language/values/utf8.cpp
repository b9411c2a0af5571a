#include "language/values/utf8.hpp"

#include <array>
#include <cstdint>
#include <string>

#include "language/values/operators.hpp"
#include "text/utf8.hpp"

/// The server has no function that says whether a text is UTF-8, and functions that need UTF-8 fail on other
/// texts. $replaceAll works on bytes and does not fail. So it replaces each byte above ASCII with a control
/// character that stands for the byte's role. A regular expression then searches the resulting ASCII text for
/// invalid sequences. This costs the server about 20 us. Texts that have only letters of European languages
/// are recognised by a faster check before that.
namespace sluice::language {

namespace {

// The control character for each role that a byte may have.
constexpr char low = '\x01';       // 80 to 8F: a continuation byte, as are the next two
constexpr char middle = '\x02';    // 90 to 9F
constexpr char high = '\x03';      // A0 to BF
constexpr char two = '\x04';       // starts a sequence of two bytes
constexpr char three = '\x05';     // starts one of three
constexpr char three_e0 = '\x06';  // starts one of three, the second in `high`
constexpr char three_ed = '\x07';  // starts one of three, the second not in `high`
constexpr char four = '\x0e';      // starts one of four
constexpr char four_f0 = '\x0f';   // starts one of four, the second not in `low`
constexpr char four_f4 = '\x10';   // starts one of four, the second in `low`
constexpr std::string_view roles = "\x01\x02\x03\x04\x05\x06\x07\x0e\x0f\x10";

/// A text that contains each byte of UTF-8 above ASCII, each as part of a whole character, because the
/// compiled expression must be valid UTF-8. The server extracts the single bytes with `regex`: in PCRE, \C
/// matches one byte.
struct Bytes {
  std::string text;
  std::string regex = "^";
  std::string role;  // the role of each extracted byte

  Bytes() {
    for (std::uint32_t i = 0; i < 0x40; ++i)
      add(0x80 + i, "\\C(\\C)", i < 0x10 ? low : i < 0x20 ? middle : high);
    for (std::uint32_t i = 2; i < 0x20; ++i) add(i << 6, "(\\C)\\C", two);
    for (std::uint32_t i = 0; i < 0x10; ++i) {
      const std::uint32_t first = i == 0 ? 0x800 : i << 12;
      add(first, "(\\C)\\C\\C", i == 0 ? three_e0 : i == 0xD ? three_ed : three);
    }
    for (std::uint32_t i = 0; i < 5; ++i) {
      const std::uint32_t first = i == 0 ? 0x10000 : i << 18;
      add(first, "(\\C)\\C\\C\\C", i == 0 ? four_f0 : i == 4 ? four_f4 : four);
    }
  }

  void add(std::uint32_t code_point, const char* taken_apart, char does) {
    text::append_utf8(text, code_point);
    regex += taken_apart;
    role += does;
  }
};

/// Matches a start byte without the continuation bytes it requires, or a continuation byte without a start
/// byte.
constexpr const char* wrong =
    R"(\x04(?![\x01-\x03]))"
    R"(|\x05(?![\x01-\x03]{2})|\x06(?!\x03[\x01-\x03])|\x07(?![\x01\x02][\x01-\x03]))"
    R"(|\x0e(?![\x01-\x03]{3})|\x0f(?![\x02\x03][\x01-\x03]{2})|\x10(?!\x01[\x01-\x03]{2}))"
    R"(|(?<![\x04-\x07\x0e-\x10])(?<![\x05-\x07\x0e-\x10][\x01-\x03])(?<![\x0e-\x10][\x01-\x03]{2})[\x01-\x03])";

/// All ASCII characters, the most frequent first: the server searches them from the front.
std::string ascii() {
  std::string all = "e taoinsrhldcumfpgwybvk";
  for (char c = 0; c >= 0; c = static_cast<char>(c + 1)) {
    if (all.find(c) == std::string::npos) all += c;
    if (c == '\x7f') break;
  }
  return all;
}

std::string with_letters_of_europe(std::string chars) {
  for (std::uint32_t c = 0xA0; c < 0x180; ++c) text::append_utf8(chars, c);
  return chars;
}

/// Whether a text consists of `chars` only: then trimming leaves nothing. Trimming goes character by
/// character, compares bytes and never fails.
std::string made_of(const std::string& value, const std::string& chars) {
  const std::string left = call("$ltrim", json_object({{"input", value}, {"chars", json_text(chars)}}));
  return call_list("$eq", {left, json_text("")});
}

std::string reduce(const std::string& input, const std::string& initial, const std::string& find,
                   const std::string& replacement) {
  const std::string in =
      call("$replaceAll",
           json_object({{"input", json_text("$$value")}, {"find", find}, {"replacement", replacement}}));
  return call("$reduce", json_object({{"input", input}, {"initialValue", initial}, {"in", in}}));
}

std::string is_utf8_by_bytes(const std::string& value) {
  const Bytes bytes;
  std::vector<std::string> role_names;
  for (const char role : roles) role_names.push_back(json_text(std::string(1, role)));
  const std::string cleared = reduce(json_list(role_names), value, json_text("$$this"), json_text(" "));
  const std::string every = call_list("$range", {"0", std::to_string(bytes.role.size())});
  const std::string byte = call_list("$arrayElemAt", {json_text("$$bytes.captures"), json_text("$$this")});
  const std::string role = call_list("$substrBytes", {json_text(bytes.role), json_text("$$this"), "1"});
  const std::string taken_apart =
      call("$regexFind", json_object({{"input", json_text(bytes.text)}, {"regex", json_text(bytes.regex)}}));
  const std::string found =
      call("$regexMatch", json_object({{"input", json_text("$$roles")}, {"regex", json_text(wrong)}}));
  // Bytes that never occur in UTF-8 were not replaced, so they are left as bytes above ASCII.
  const std::string right =
      call_list("$cond", {made_of(json_text("$$roles"), ascii()), call_list("$not", {found}), "false"});
  const std::string judged = call(
      "$let",
      json_object({{"vars", json_object({{"roles", reduce(every, cleared, byte, role)}})}, {"in", right}}));
  return call("$let", json_object({{"vars", json_object({{"bytes", taken_apart}})}, {"in", judged}}));
}

}  // namespace

Term is_utf8(const Term& value) {
  if (value.is_constant()) return boolean_term(value.type == Type::text);
  const std::string quick = made_of(value.json, with_letters_of_europe(ascii()));
  const std::string no_text = call_list("$lte", {value.json, "null"});
  const std::vector<std::string> branches{json_object({{"case", no_text}, {"then", "false"}}),
                                          json_object({{"case", quick}, {"then", "true"}})};
  return {call("$switch",
               json_object({{"branches", json_list(branches)}, {"default", is_utf8_by_bytes(value.json)}})),
          Type::boolean};
}

}  // namespace sluice::language
