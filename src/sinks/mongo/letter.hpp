#pragma once

#include <bson/bson.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/batch.hpp"
#include "sluice/bson_builder.hpp"

/// Documents of the collection dead_letters. A letter can be stored whatever its event contains: values that
/// nest too deeply are stored as BSON bytes (`eventBytes` instead of `event`; within `effect`, `idBytes`
/// instead of `id`, and `valuesBytes` instead of `values`), and values that are too large are left out.
namespace sluice::sinks {

struct LetterOrigin {
  const std::string& pipeline;
  const std::string& stream;
  bson_oid_t id;       ///< _id of the letter
  std::int64_t at_ms;  ///< milliseconds since the epoch
};

/// Appends all fields of the letter.
void append_letter(const DeadLetterWrite& letter, const LetterOrigin& origin, bson::Builder& out);

/// The letter with values that were stored as bytes put back as `event`, `effect.id` and `effect.values`. It
/// may nest more deeply than MongoDB can store.
std::vector<std::uint8_t> unfold_letter(bson::View stored);

/// Cuts a server's message, which may quote a whole document, to the length that fits a letter.
std::string letter_message(const std::string& message);

}  // namespace sluice::sinks
