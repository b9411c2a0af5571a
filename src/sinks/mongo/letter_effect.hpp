#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch.hpp"
#include "sluice/bson_builder.hpp"
#include "sluice/projection.hpp"

/// The effect in a dead letter: its format, written and read here.
namespace sluice::sinks {

// Names of the binary fields that replace `id` and `values` if these are nested too deeply for a letter. The
// BSON in `idBytes` is {id: the value}.
inline constexpr std::string_view id_bytes = "idBytes";
inline constexpr std::string_view values_bytes = "valuesBytes";

/// Appends a description of `effect` to the open document. Leaves out an id or values that are too large for
/// a letter.
void describe_effect(const EffectBody& effect, bson::Builder& out, LetterForm form = LetterForm::readable);

/// The id in an effect's description, readable or binary; absent if it was too large to be stored.
bson::Value effect_id(bson::View effect);

/// The document that a binary value contains; absent if `value` is not binary.
bson::View document_of_bytes(const bson::Value& value);

/// The writes that carry out a described effect, with the plans that its rule has now. Empty if the rule no
/// longer has a matching plan, or if the description lacks what the write needs. The writes point into
/// `effect` and into the plans.
std::vector<Write> writes_of(bson::View effect, const std::vector<Projection>& projections,
                             const std::vector<const DocumentPlan*>& documents = {});

/// A short text for the effect, such as `favoritesCount +1 on articles 7` or `copies of users 3 in articles`.
std::string effect_in_words(bson::View effect);

/// Whether the values to write are missing because they were too large for the letter.
bool lacks_values(bson::View effect);

/// Whether the id of the document is missing because it was too large for the letter.
bool lacks_id(bson::View effect);

/// Whether the effect is a message. A retry makes the message again from the letter's event.
bool is_message(bson::View effect);

/// Whether the letter holds no effect: its rule could not process the event, or the letter was stored bare.
bool holds_no_effect(bson::View effect);

}  // namespace sluice::sinks
