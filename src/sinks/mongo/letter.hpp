#pragma once

#include <bson/bson.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/batch.hpp"
#include "sluice/bson_builder.hpp"

/// The documents of the collection dead_letters. A letter can be stored whatever its event contains: a part
/// that is nested too deeply is stored as binary BSON under another name (`eventBytes` for `event`; in
/// `effect`, `idBytes` for `id` and `valuesBytes` for `values`), and a part that is too large is left out.
namespace sluice::sinks {

struct LetterOrigin {
  const std::string& pipeline;
  const std::string& stream;
  bson_oid_t id;       ///< the letter's _id
  std::int64_t at_ms;  ///< milliseconds since the epoch
};

/// Appends all fields of the letter.
void append_letter(const DeadLetterWrite& letter, const LetterOrigin& origin, bson::Builder& out);

/// The letter with its binary parts turned back into `event`, `effect.id` and `effect.values`. The result may
/// be nested more deeply than MongoDB can store.
std::vector<std::uint8_t> unfold_letter(bson::View stored);

/// A server's message, cut to the length that a letter may hold: the server may quote a whole document.
std::string letter_message(const std::string& message);

}  // namespace sluice::sinks
