#include "rules/shared/event_message.hpp"

#include <array>
#include <charconv>
#include <string>

#include "bson/text.hpp"
#include "rules/shared/kept.hpp"
#include "text/json.hpp"

namespace sluice::rules {

bson::View payload_of(const ChangeEvent& event, Payload what, Arena& arena) {
  const bool of_document = static_cast<bool>(event.id);
  if ((what == Payload::event || !of_document) && event.marked)
    return fields_of(event.document, arena, [](auto name) { return !name.starts_with("sluice"); });
  if (what == Payload::event || !of_document) return event.document;
  if (event.full_document) return event.full_document;
  return event.document.at("documentKey").document();
}

namespace {

template <typename Text>
void append_number(Text& out, std::uint32_t number) {
  std::array<char, 10> digits;
  const auto* end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

}  // namespace

template <typename Text>
void append_event_headers(Text& out, const ChangeEvent& event) {
  out.append("Sluice-Operation: ");
  out.append(name_of(event.operation));
  out.append("\nSluice-Namespace: ");
  out.append(event.database);
  if (!event.collection.empty()) out.append('.');  // the database was dropped
  out.append(event.collection);
  out.append("\nSluice-Cluster-Time: ");
  append_number(out, static_cast<std::uint32_t>(event.cluster_time >> 32));
  out.append('.');
  append_number(out, static_cast<std::uint32_t>(event.cluster_time));
}

template void append_event_headers(InlineText& out, const ChangeEvent& event);
template void append_event_headers(LongText& out, const ChangeEvent& event);

void append_message_id(InlineText& out, const TextTemplate& id, const ChangeEvent& event) {
  id.append_to(out, event);
  if (event.snapshot_run.empty() || event.operation == Operation::snapshot)
    return;  // a snapshot's token contains the run
  out.append('-');
  out.append(event.snapshot_run);
}

std::string_view cloud_envelope(const ChangeEvent& event, std::string_view id, Arena& arena) {
  LongText text;
  const auto put = [&](std::string_view value) {
    text::append_json_escaped(text, value, text::JsonEscape::replace_invalid);
  };
  text.append(R"({"specversion":"1.0","id":")");
  put(id);
  text.append(R"(","source":"/mongodb/)");
  put(event.database);
  if (!event.collection.empty()) text.append('/');
  put(event.collection);
  text.append(R"(","type":"mongodb.)");
  text.append(name_of(event.operation));
  if (event.id) {
    text.append(R"(","subject":")");
    put(bson::text_of(event.id));
  }
  std::string time;
  bson::append_date(time, event.wall_time_ms);
  text.append(R"(","time":")");
  text.append(time);
  text.append(R"(","datacontenttype":"application/json","data":)");
  return arena.keep(text.view());
}

}  // namespace sluice::rules
