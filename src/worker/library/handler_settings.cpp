#include "worker/library/handler_settings.hpp"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "text/json.hpp"

namespace sluice {

namespace {

class JsonMap {
 public:
  void add(std::string_view key, std::string_view text) {
    begin(key);
    text::append_json(json_, text);
  }
  void add(std::string_view key, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    begin(key);
    json_ += '[';
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (i > 0) json_ += ',';
      text::append_json(json_, texts[i]);
    }
    json_ += ']';
  }
  void add_stated(std::string_view key, std::string_view text) {
    if (!text.empty()) add(key, text);
  }
  std::string take() { return std::move(json_) + "}"; }

 private:
  void begin(std::string_view key) {
    json_ += json_.size() > 1 ? "," : "";
    text::append_json(json_, key);
    json_ += ": ";
  }

  std::string json_ = "{";
};

/// Empty for `off`: then only what the handler's conditions need is read.
std::string_view text_of(FullDocument after) {
  switch (after) {
    case FullDocument::look_up:
      return "updateLookup";
    case FullDocument::when_available:
      return "whenAvailable";
    case FullDocument::required:
      return "required";
    case FullDocument::off:
      break;
  }
  return "";
}

std::string_view text_of(BeforeImage before) {
  switch (before) {
    case BeforeImage::if_kept:
      return "ifKept";
    case BeforeImage::when_available:
      return "whenAvailable";
    case BeforeImage::required:
      return "required";
    case BeforeImage::off:
      break;
  }
  return "";
}

void check_number(std::string_view name, long long value, long long least, long long most) {
  if (value >= least && value <= most) return;
  throw ConfigError(fmt::format("HandlerOptions::{} is {}; it must be {} to {}", name, value, least, most));
}

}  // namespace

Settings handler_settings(const std::string& collection, const HandlerOptions& options) {
  constexpr long long an_hour = 3'600'000;
  check_number("at_once", options.at_once, 1, 10'000);
  check_number("tries", options.tries.value_or(1), 1, 1'000'000);
  check_number("first_pause", options.first_pause.count(), 1, an_hour);
  check_number("longest_pause", options.longest_pause.count(), options.first_pause.count(), an_hour);
  if (options.operations.empty()) throw ConfigError("HandlerOptions::operations names no operation");
  std::vector<std::string> operations;
  for (const Operation one : options.operations) operations.emplace_back(name_of(one));
  JsonMap map;
  map.add("from", collection);
  map.add("operations", operations);
  map.add("fields", options.fields);
  map.add_stated("when", options.when);
  map.add_stated("where", options.where);
  map.add_stated("full_document", text_of(options.after));
  map.add_stated("before", text_of(options.before));
  map.add("redact", options.redact);
  map.add("project", options.project);
  map.add("own_writes", options.ignore_own_writes ? "ignore" : "tell");
  if (options.snapshot_first) map.add("snapshot", "first");
  return Settings::parse(map.take(), "handler");
}

}  // namespace sluice
