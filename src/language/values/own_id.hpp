#pragma once

#include <string_view>

namespace sluice::language {

/// Whether an expression names the changed document itself: `id()`, `NEW._id` or `OLD._id`, several of them
/// in `coalesce(...)`, one of them as `text(...)`, or one of these joined by `||` to constant texts and
/// `collection()`. Then only changes of one document give one value, apart from ids that read alike, as 5 and
/// '5' do once they are a text. False for a text that is no expression.
bool names_the_document(std::string_view text);

}  // namespace sluice::language
