#pragma once

#include <string_view>

namespace sluice::language {

/// Whether an expression identifies the changed document: `id()`, `NEW._id` or `OLD._id`, several of them in
/// `coalesce(...)`, one of them as `text(...)`, or one of these joined by `||` to constant texts and
/// `collection()`. Then only changes of the same document have the same value, except for ids with the same
/// text, such as 5 and '5'. False for a text that is not an expression.
bool names_the_document(std::string_view text);

}  // namespace sluice::language
