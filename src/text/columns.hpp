#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::text {

/// No line of a help page is wider than this, unless a single word is.
inline constexpr std::size_t page_width = 100;

/// One entry of a list in columns: `name`, then `sentence` from the column `indent` on, broken between words
/// at page_width. Further lines begin at `indent` too. Where `name` reaches beyond `indent`, the sentence
/// follows it at once. Ends with a newline. Counts bytes, so it is for ASCII.
std::string entry(std::string_view name, std::size_t indent, std::string_view sentence);

}  // namespace sluice::text
