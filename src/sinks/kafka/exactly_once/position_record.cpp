#include "sinks/kafka/exactly_once/position_record.hpp"

#include "bson/json_writer.hpp"
#include "bson/raii.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::sinks::kafka {

std::string PositionRecord::text() const {
  bson::Builder record;
  record.append("epoch", epoch).append("position", position);
  if (!refused.empty()) {
    record.open_array("refused");
    for (const std::string& name : refused) record.append(record.item(), name);
    record.close();
  }
  if (closed) record.append("closed", true);
  std::string json;
  bson::append_json(json, record.finish(), bson::JsonStyle::relaxed);
  return json;
}

std::optional<PositionRecord> PositionRecord::parse(std::string_view text) {
  bson::Document document;
  if (!bson_init_from_json(document.out(), text.data(), static_cast<ssize_t>(text.size()), nullptr)) {
    bson_init(document.get());  // libbson has destroyed it
    return std::nullopt;
  }
  const bson::View view(*document.get());
  const auto epoch = view.at("epoch").integer();
  if (!epoch) return std::nullopt;
  PositionRecord record{*epoch, std::string(view.at("position").text()), {}, view.at("closed").boolean()};
  for (const auto& [index, name] : view.at("refused").document()) record.refused.emplace_back(name.text());
  return record;
}

std::string refused_name(std::string_view topic, std::string_view id) {
  return std::string(topic) + " " + std::string(id);
}

}  // namespace sluice::sinks::kafka
