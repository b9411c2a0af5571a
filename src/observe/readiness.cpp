#include "observe/readiness.hpp"

#include "text/json_writer.hpp"

namespace sluice::observe {

namespace {

using Texts = std::map<std::string, std::string, std::less<>>;

void put(Texts& texts, std::string_view about, std::string_view text) {
  texts.insert_or_assign(std::string(about), std::string(text));
  if (text.empty()) texts.erase(std::string(about));
}

std::vector<std::string> sentences(const Texts& texts) {
  std::vector<std::string> all;
  for (const auto& [about, text] : texts) all.push_back(about + ": " + text);
  return all;
}

bool belongs_to(std::string_view one, std::string_view condition) {
  return one.starts_with(condition) && (one.size() == condition.size() || one[condition.size()] == ' ');
}

void add_list(text::JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  json.open_array(key);
  for (const auto& text : texts) json.text({}, text);
  json.close_array();
}

}  // namespace

void Readiness::not_ready(std::string_view condition, std::string_view reason) {
  const std::lock_guard lock(mutex_);
  // An empty reason would mean that the condition is met.
  reasons_.insert_or_assign(std::string(condition), reason.empty() ? "not ready" : std::string(reason));
}

void Readiness::ready(std::string_view condition) {
  const std::lock_guard lock(mutex_);
  reasons_.insert_or_assign(std::string(condition), std::string());
}

void Readiness::forget(std::string_view condition) {
  const std::lock_guard lock(mutex_);
  if (const auto found = reasons_.find(condition); found != reasons_.end()) reasons_.erase(found);
}

void Readiness::forget_all(std::string_view condition) {
  const std::lock_guard lock(mutex_);
  std::erase_if(reasons_, [&](const auto& one) { return belongs_to(one.first, condition); });
}

void Readiness::forget_parts(std::string_view condition) {
  const std::string prefix = std::string(condition) + " ";
  const std::lock_guard lock(mutex_);
  std::erase_if(reasons_, [&](const auto& one) { return one.first.starts_with(prefix); });
}

void Readiness::note(std::string_view about, std::string_view text) {
  const std::lock_guard lock(mutex_);
  put(notes_, about, text);
}

void Readiness::degraded(std::string_view about, std::string_view text) {
  const std::lock_guard lock(mutex_);
  put(degraded_, about, text);
}

std::string Readiness::all_reasons(std::string_view condition) const {
  const std::lock_guard lock(mutex_);
  std::string all;
  for (const auto& [one, reason] : reasons_) {
    if (!reason.empty() && belongs_to(one, condition)) all += (all.empty() ? "" : "; ") + reason;
  }
  return all;
}

bool Readiness::is_ready() const {
  return reasons().empty();
}

std::string Readiness::reason(std::string_view condition) const {
  const std::lock_guard lock(mutex_);
  const auto found = reasons_.find(condition);
  return found == reasons_.end() ? std::string() : found->second;
}

std::vector<std::string> Readiness::reasons() const {
  const std::lock_guard lock(mutex_);
  return reasons_now();
}

std::vector<std::string> Readiness::reasons_now() const {
  if (reasons_.empty()) return {"starting"};
  std::vector<std::string> texts;
  for (const auto& [condition, reason] : reasons_) {
    if (!reason.empty()) texts.push_back(condition + ": " + reason);
  }
  return texts;
}

Readiness::Answer Readiness::answer() const {
  const std::lock_guard lock(mutex_);
  const std::vector<std::string> texts = reasons_now();
  const char* status = !texts.empty() ? "NOT_READY" : degraded_.empty() ? "READY" : "DEGRADED";
  text::JsonWriter json;
  json.open_object().text("status", status);
  add_list(json, "reasons", texts);
  add_list(json, "degraded", sentences(degraded_));
  add_list(json, "notes", sentences(notes_));
  return {texts.empty(), json.close_object().json()};
}

}  // namespace sluice::observe
