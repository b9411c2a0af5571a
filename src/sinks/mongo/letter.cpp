#include "sinks/mongo/letter.hpp"

#include "bson/storable.hpp"
#include "sinks/mongo/letter_effect.hpp"
#include "text/utf8.hpp"

namespace sluice::sinks {

namespace {

// With the largest id and values of an effect, the sum is below the 16 MiB limit of a document.
constexpr std::size_t most_event_bytes = 8u << 20;
constexpr std::size_t most_token_bytes = 1u << 20;
constexpr std::size_t most_message_bytes = 4096;

constexpr int event_level = 1;  ///< nesting levels above the event in its letter

void append_event(const DeadLetterWrite& letter, bson::Builder& out) {
  if (letter.form == LetterForm::bare || letter.event.size() > most_event_bytes) return;
  const bool fits = bson::levels_of(letter.event, bson::max_levels + 1) + event_level <= bson::max_levels;
  if (letter.form == LetterForm::readable && fits) {
    out.append("event", letter.event);
  } else {
    out.append_binary("eventBytes", {letter.event.data(), letter.event.size()});
  }
}

void unfold_effect(bson::View effect, bson::Builder& out) {
  out.open("effect");
  for (const auto& [name, value] : effect) {
    const bson::View bytes = document_of_bytes(value);
    if (name == id_bytes && bytes) {
      out.append("id", bytes.at("id"));
    } else if (name == values_bytes && bytes) {
      out.append("values", bytes);
    } else {
      out.append(name, value);
    }
  }
  out.close();
}

}  // namespace

std::string letter_message(const std::string& message) {
  return text::cut_to_bytes(message, most_message_bytes);
}

void append_letter(const DeadLetterWrite& letter, const LetterOrigin& origin, bson::Builder& out) {
  out.append("_id", bson::Value(BSON_TYPE_OID, origin.id.bytes));
  out.append("pipeline", origin.pipeline).append("stream", origin.stream).append("rule", letter.rule);
  if (letter.token.size() <= most_token_bytes) out.append("token", letter.token);
  out.append_timestamp("clusterTime", letter.cluster_time);
  out.open("error").append("code", letter.code).append("message", letter_message(letter.message)).close();
  out.open("effect");
  describe_effect(letter.effect.body, out, letter.form);
  out.close();
  append_event(letter, out);
  out.append_date("at", origin.at_ms);
}

std::vector<std::uint8_t> unfold_letter(bson::View stored) {
  bson::Builder out;
  for (const auto& [name, value] : stored) {
    const bson::View bytes = document_of_bytes(value);
    if (name == "eventBytes" && bytes) {
      out.append("event", bytes);
    } else if (name == "effect" && value.is_document()) {
      unfold_effect(value.document(), out);
    } else {
      out.append(name, value);
    }
  }
  const bson::View view = out.finish();
  return {view.data(), view.data() + view.size()};
}

}  // namespace sluice::sinks
