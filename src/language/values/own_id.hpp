#pragma once

#include <string_view>

namespace sluice::language {

/// Whether an expression identifies the changed document: `id()`, `NEW._id` or `OLD._id`, several of these in
/// `coalesce(...)`, one of these as `text(...)`, or one of all these joined by `||` with constant texts and
/// `collection()`. Then only changes of the same document give the same value, except that different ids may
/// have the same text, as 5 and '5' do. False if the text is not an expression.
bool names_the_document(std::string_view text);

}  // namespace sluice::language
