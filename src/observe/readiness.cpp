#include "observe/readiness.hpp"

#include "observe/json.hpp"

namespace sluice::observe {

void Readiness::not_ready(std::string_view condition, std::string_view reason) {
  const std::lock_guard lock(mutex_);
  // An empty reason would read as met.
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
  if (reasons_.empty()) return {"starting"};
  std::vector<std::string> texts;
  for (const auto& [condition, reason] : reasons_) {
    if (!reason.empty()) texts.push_back(condition + ": " + reason);
  }
  return texts;
}

std::string Readiness::json() const {
  const std::vector<std::string> texts = reasons();
  if (texts.empty()) return R"({"status":"READY"})";
  std::string json = R"({"status":"NOT_READY","reasons":[)";
  for (const auto& text : texts) {
    if (json.back() != '[') json += ',';
    append_json(json, text);
  }
  return json + "]}";
}

}  // namespace sluice::observe
