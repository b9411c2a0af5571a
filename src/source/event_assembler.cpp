#include "source/event_assembler.hpp"

#include <algorithm>

namespace sluice::source {

void EventAssembler::clear() {
  fields_.clear();
  place_.clear();
  expected_ = 1;
  of_ = 0;
}

/// The tokens of an event's fragments differ only at their end, in the fragment's number. Their common start,
/// cut to whole bytes of the hexadecimal text, is also the start of the unsplit event's token.
void EventAssembler::note_place(bson::View fragment) {
  const std::string_view token = fragment.at("_id").document().at("_data").text();
  if (expected_ == 1) place_ = token;
  if (expected_ != 2) return;
  const auto differs = std::ranges::mismatch(place_, token).in1 - place_.begin();
  place_.resize(static_cast<std::size_t>(differs) / 2 * 2);
}

void EventAssembler::add_fields(bson::View fragment) {
  for (const auto& [key, value] : fragment) {
    if (key != "_id" && key != "splitEvent") fields_.append(key, value);
  }
}

EventAssembler::Took EventAssembler::take(bson::View event) {
  const bson::View split = event.at("splitEvent").document();
  if (!split) return in_mid_event() ? Took::misfit : Took::whole;
  const auto fragment = split.at("fragment").integer().value_or(0);
  if (fragment == 1) {
    clear();
    of_ = split.at("of").integer().value_or(0);
  }
  if (fragment != expected_ || fragment > of_ || split.at("of").integer() != of_) return Took::misfit;
  note_place(event);
  add_fields(event);
  ++expected_;
  if (fragment < of_) return Took::part;
  fields_.append("sluicePlace", place_);
  fields_.append("_id", event.at("_id"));
  return Took::last;
}

std::vector<std::uint8_t> EventAssembler::event() {
  const bson::View whole = fields_.finish();
  std::vector<std::uint8_t> bytes(whole.data(), whole.data() + whole.size());
  clear();
  return bytes;
}

}  // namespace sluice::source
