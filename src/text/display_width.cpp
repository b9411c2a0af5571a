#include "text/display_width.hpp"

#include <clocale>
#include <cwchar>

#include <algorithm>
#include <vector>

#include "text/utf8.hpp"

namespace sluice::text {
namespace {

constexpr std::string_view ellipsis = "\u2026";  // one column

/// Sets a UTF-8 locale for the thread while it lives. wcwidth() only supports characters of the thread's
/// locale, which is "C" when a program starts.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{})) {
    if (locale_ != locale_t{}) before_ = ::uselocale(locale_);
  }
  ~Utf8Locale() {
    if (locale_ == locale_t{}) return;
    ::uselocale(before_);
    ::freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

  /// 1 for every character if the locale is missing.
  std::size_t width(wchar_t character) const {
    const int width = locale_ == locale_t{} ? 1 : ::wcwidth(character);
    return width < 0 ? 1 : static_cast<std::size_t>(width);
  }

 private:
  locale_t locale_;
  locale_t before_{};
};

/// A character together with the combining and invisible characters that follow it.
struct Cluster {
  std::string_view text;
  std::size_t width = 0;
};

std::vector<Cluster> clusters_of(std::string_view text) {
  const Utf8Locale locale;
  std::vector<Cluster> clusters;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = sluice::text::character_size(text.substr(i));
    const std::string_view character = text.substr(i, std::max<std::size_t>(length, 1));
    const std::size_t width = length == 0 ? 1 : locale.width(static_cast<wchar_t>(code_point(character)));
    if (width == 0 && !clusters.empty()) {
      std::string_view& last = clusters.back().text;
      last = {last.data(), last.size() + character.size()};
    } else {
      clusters.push_back({character, width});
    }
    i += character.size();
  }
  return clusters;
}

std::size_t width_of(const std::vector<Cluster>& clusters) {
  std::size_t width = 0;
  for (const Cluster& cluster : clusters) width += cluster.width;
  return width;
}

/// The total bytes of as many clusters, from `first` on, as fit in `width` columns.
template <class Iterator>
std::size_t fitting_bytes(Iterator first, Iterator last, std::size_t width) {
  std::size_t bytes = 0;
  for (; first != last && first->width <= width; ++first) {
    bytes += first->text.size();
    width -= first->width;
  }
  return bytes;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  return width_of(clusters_of(text));
}

std::string_view cut(std::string_view text, std::size_t width) {
  const auto clusters = clusters_of(text);
  return text.substr(0, fitting_bytes(clusters.begin(), clusters.end(), width));
}

std::string shortened(std::string_view text, std::size_t width) {
  const auto clusters = clusters_of(text);
  if (width_of(clusters) <= width) return std::string(text);
  if (width == 0) return "";
  const std::size_t head = fitting_bytes(clusters.begin(), clusters.end(), width / 2);
  const std::size_t left = width - 1 - std::min(width - 1, display_width(text.substr(0, head)));
  const std::size_t tail = fitting_bytes(clusters.rbegin(), clusters.rend(), left);
  return std::string(text.substr(0, head)).append(ellipsis).append(text.substr(text.size() - tail));
}

std::string left_aligned(std::string text, std::size_t width) {
  const std::size_t own = display_width(text);
  if (own < width) text.append(width - own, ' ');
  return text;
}

}  // namespace sluice::text
