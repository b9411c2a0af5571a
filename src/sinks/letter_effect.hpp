#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bson/builder.hpp"
#include "sluice/projection.hpp"
#include "sluice/sink.hpp"

/// How a dead letter holds its effect: written here, and read back here.
namespace sluice::sinks {

/// Appends what `effect` is about to the open document.
void describe_effect(const EffectBody& effect, bson::Builder& out);

/// What a described effect asks for, with the plans that its rule has now; nothing where the rule has no such
/// plan any more, or the effect holds nothing that could be done. The writes point into `effect` and into the
/// plans.
std::vector<Write> writes_of(bson::View effect, const std::vector<Projection>& projections,
                             const std::vector<const DocumentPlan*>& documents = {});

/// The effect in few words: `favoritesCount +1 on articles 7`, `articles with the copies of users 3`.
std::string effect_in_words(bson::View effect);

/// Whether what was to be written was too large to be kept.
bool lacks_values(bson::View effect);

/// Whether it is a message to be published, which is made of the letter's event again.
bool is_message(bson::View effect);

/// Whether the letter was written for an event that its rule could not even make an effect of.
bool holds_no_effect(bson::View effect);

}  // namespace sluice::sinks
