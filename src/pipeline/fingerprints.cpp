#include "pipeline/fingerprints.hpp"

#include <cstdio>

#include "bson/builder.hpp"

namespace sluice::pipeline {

namespace {

std::string hex(std::uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

}  // namespace

std::string options_hash(const std::string& database, const Rules& rules) {
  std::string text = database;
  for (const auto& rule : rules) text += "\n" + rule->name() + ": " + rule->fingerprint();
  return hex(bson::stable_hash(text, 0));
}

std::string filter_hash(const source::StreamFilter& filter) {
  bson::Builder stages;
  stages.open_array("stages");
  source::append_stages(stages, filter);
  const bson::View view = stages.finish();
  return hex(bson::stable_hash({view.data(), view.size()}, 0));
}

}  // namespace sluice::pipeline
