#include "observe/components.hpp"

#include <algorithm>

#include "text/json_writer.hpp"

namespace sluice::observe {
namespace {

constexpr const char* json_type = "application/json";

const char* word(bool up) {
  return up ? "UP" : "DOWN";
}

}  // namespace

HttpReply healthz_reply(const std::vector<Component>& components, bool started) {
  text::JsonWriter json;
  json.open_object().text("status", word(started)).open_object("components");
  for (const Component& one : components) {
    json.open_object(one.name).text("status", word(one.up)).close_object();
  }
  return {started ? 200U : 503U, json_type, json.close_object().close_object().json()};
}

HttpReply health_reply(const std::vector<Component>& components, bool started) {
  text::JsonWriter json;
  json.open_object();
  for (const Component& one : components) json.text(one.name, word(one.up));
  const bool all = started && std::ranges::all_of(components, &Component::up);
  return {all ? 200U : 503U, json_type, json.close_object().json()};
}

}  // namespace sluice::observe
