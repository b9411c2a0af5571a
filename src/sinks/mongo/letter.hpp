#pragma once

#include <bson/bson.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/batch.hpp"
#include "sluice/bson_builder.hpp"

/// The documents of the collection dead_letters. One can be stored whatever its event holds: what is too deep
/// for a document stands in it as the bytes of its BSON (`eventBytes` for `event`; in `effect`, `idBytes` for
/// `id` and `valuesBytes` for `values`), and what is too large is left out.
namespace sluice::sinks {

struct LetterOrigin {
  const std::string& pipeline;
  const std::string& stream;
  bson_oid_t id;       ///< the letter's own
  std::int64_t at_ms;  ///< milliseconds since the epoch
};

/// Appends all fields of the letter.
void append_letter(const DeadLetterWrite& letter, const LetterOrigin& origin, bson::Builder& out);

/// The letter with its bytes read back: `event`, `effect.id` and `effect.values` stand where they do in any
/// other letter. It may nest more deeply than MongoDB stores.
std::vector<std::uint8_t> unfold_letter(bson::View stored);

/// A server's message, which may quote a whole document, cut to what a letter has room for.
std::string letter_message(const std::string& message);

}  // namespace sluice::sinks
