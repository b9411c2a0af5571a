#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch.hpp"
#include "sluice/bson_builder.hpp"
#include "sluice/projection.hpp"

/// How a dead letter holds its effect: written here, and read back here.
namespace sluice::sinks {

// What stands in the place of `id` ({id: the value}) and `values` where those nest too deeply for a letter.
inline constexpr std::string_view id_bytes = "idBytes";
inline constexpr std::string_view values_bytes = "valuesBytes";

/// Appends what `effect` is about to the open document. An id or values too large for a letter are left out.
void describe_effect(const EffectBody& effect, bson::Builder& out, LetterForm form = LetterForm::readable);

/// A described effect's id, in whichever form the letter holds it; absent where it was too large.
bson::Value effect_id(bson::View effect);

/// The bytes that a letter holds in the place of a document; absent for any other value.
bson::View document_of_bytes(const bson::Value& value);

/// What a described effect asks for, with the plans that its rule has now; nothing where the rule has no such
/// plan any more, or the effect holds nothing that could be done. The writes point into `effect` and into the
/// plans.
std::vector<Write> writes_of(bson::View effect, const std::vector<Projection>& projections,
                             const std::vector<const DocumentPlan*>& documents = {});

/// The effect in few words: `favoritesCount +1 on articles 7`, `articles with the copies of users 3`.
std::string effect_in_words(bson::View effect);

/// Whether what was to be written was too large to be kept.
bool lacks_values(bson::View effect);

/// Whether the id of what was to be written was too large to be kept.
bool lacks_id(bson::View effect);

/// Whether it is a message to be published, which is made of the letter's event again.
bool is_message(bson::View effect);

/// Whether the letter was written for an event that its rule could not even make an effect of.
bool holds_no_effect(bson::View effect);

}  // namespace sluice::sinks
