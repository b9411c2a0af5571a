#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::text {

/// The width in columns at which help pages are wrapped. Only a line that is a single longer word exceeds it.
inline constexpr std::size_t page_width = 100;

/// Formats an entry of a list in two columns: `name`, then `sentence` from column `indent` on, wrapped
/// between words at page_width. Further lines also begin at `indent`. If `name` reaches beyond `indent`, the
/// sentence follows directly behind it. Ends with a newline. Counts bytes as columns, so it is for ASCII
/// only.
std::string entry(std::string_view name, std::size_t indent, std::string_view sentence);

}  // namespace sluice::text
