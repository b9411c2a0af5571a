#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch.hpp"
#include "sluice/bson_builder.hpp"
#include "sluice/projection.hpp"

/// Writes and reads the effect of a dead letter.
namespace sluice::sinks {

// The fields used instead of `id` and `values` if those nest too deeply for a letter. `idBytes` holds {id:
// the value}.
inline constexpr std::string_view id_bytes = "idBytes";
inline constexpr std::string_view values_bytes = "valuesBytes";

/// Appends a description of `effect` to the open document. An id or values that are too large for a letter
/// are left out.
void describe_effect(const EffectBody& effect, bson::Builder& out, LetterForm form = LetterForm::readable);

/// The id of a described effect, in either form; absent if it was too large.
bson::Value effect_id(bson::View effect);

/// The document that a letter stores as bytes in `value`; absent for any other value.
bson::View document_of_bytes(const bson::Value& value);

/// The writes that a described effect stands for, with the current plans of its rule. Nothing if the rule has
/// no such plan any more, or if the effect has nothing that could be written. The writes are views into
/// `effect` and the plans.
std::vector<Write> writes_of(bson::View effect, const std::vector<Projection>& projections,
                             const std::vector<const DocumentPlan*>& documents = {});

/// A short text of the effect: `favoritesCount +1 on articles 7`, `articles with the copies of users 3`.
std::string effect_in_words(bson::View effect);

/// Whether the values to write were too large to be stored in the letter.
bool lacks_values(bson::View effect);

/// Whether the id of the document to write was too large to be stored in the letter.
bool lacks_id(bson::View effect);

/// Whether the effect is a message. It is rendered again from the letter's event.
bool is_message(bson::View effect);

/// Whether the rule could not make any effect of the event.
bool holds_no_effect(bson::View effect);

}  // namespace sluice::sinks
