#include <bson/bson.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "bson/raii.hpp"
#include "language/expression.hpp"
#include "language/parser/trigger.hpp"

namespace {

using namespace sluice;

/// Whatever is compiled can be sent to a server.
void compile(std::string_view text) {
  try {
    const std::string json = "{\"v\":" + language::compile_expression(text).json + "}";
    bson::Document parsed;
    bson_error_t error{};
    if (!bson_init_from_json(parsed.out(), json.data(), static_cast<ssize_t>(json.size()), &error))
      __builtin_trap();
  } catch (const language::LanguageError& error) {
    if (error.offset() > text.size()) __builtin_trap();
  }
}

void parse(std::string_view text) {
  try {
    const language::Statement statement = language::parse_statement(text);
    if (const auto* trigger = std::get_if<language::Trigger>(&statement)) language::rule_yaml(*trigger);
  } catch (const language::LanguageError& error) {
    if (error.offset() > text.size()) __builtin_trap();
  }
}

}  // namespace

/// No text of an expression or a trigger brings us down, and what we make of it is sound.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // The server takes no text that is not UTF-8, nor does its driver.
  if (!bson_utf8_validate(text.data(), text.size(), true)) return 0;
  compile(text);
  parse(text);
  return 0;
}
