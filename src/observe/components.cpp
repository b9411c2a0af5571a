#include "observe/components.hpp"

#include <algorithm>

#include "text/json.hpp"

namespace sluice::observe {
namespace {

constexpr const char* json_type = "application/json";

std::string listed(const std::vector<Component>& components, const std::string& before,
                   const std::string& after) {
  std::string text;
  for (const Component& one : components) {
    if (!text.empty()) text += ',';
    text::append_json(text, one.name);
    text += ':' + before + (one.up ? R"("UP")" : R"("DOWN")") + after;
  }
  return '{' + text + '}';
}

}  // namespace

HttpReply healthz_reply(const std::vector<Component>& components, bool started) {
  return {started ? 200U : 503U, json_type,
          std::string(R"({"status":)") + (started ? R"("UP")" : R"("DOWN")") + R"(,"components":)" +
              listed(components, R"({"status":)", "}") + '}'};
}

HttpReply health_reply(const std::vector<Component>& components, bool started) {
  const bool all = started && std::ranges::all_of(components, &Component::up);
  return {all ? 200U : 503U, json_type, listed(components, "", "")};
}

}  // namespace sluice::observe
