#include "realworld/words.hpp"

#include <array>
#include <cmath>

namespace realworld {
namespace {

constexpr std::array<std::string_view, 36> tags = {
    "javascript", "react",   "angular",  "vue",       "node",   "typescript", "css",    "html",
    "webdev",     "mongodb", "sql",      "redis",     "docker", "devops",     "linux",  "security",
    "testing",    "python",  "rust",     "golang",    "cpp",    "java",       "kotlin", "swift",
    "design",     "career",  "writing",  "coffee",    "travel", "music",      "books",  "cooking",
    "climbing",   "history", "learning", "opensource"};

constexpr std::array<std::string_view, 24> first_names = {
    "anna",  "ben",    "carla", "dmitri", "elif",  "farid",  "greta", "hiro",
    "ines",  "jonas",  "keiko", "liam",   "maria", "nikhil", "olga",  "pedro",
    "quinn", "rosita", "sven",  "tara",   "umar",  "vera",   "wim",   "zoe"};

constexpr std::array<std::string_view, 20> last_names = {
    "becker", "chen",  "diaz",  "evans", "fischer", "garcia", "haddad", "ivanov", "jensen", "kowalski",
    "larsen", "mbeki", "novak", "okoye", "patel",   "quispe", "romano", "sato",   "tanaka", "weber"};

constexpr std::array<std::string_view, 40> prose = {
    "how",    "to",    "train",    "your",   "dragon",    "with",   "nothing", "but",     "a",    "small",
    "server", "and",   "patience", "why",    "we",        "moved",  "away",    "from",    "the",  "monolith",
    "notes",  "on",    "keeping",  "things", "simple",    "when",   "they",    "are",     "not",  "what",
    "nobody", "tells", "you",      "about",  "deadlines", "before", "first",   "release", "goes", "live"};

template <std::size_t N>
std::string_view any(Random& random, const std::array<std::string_view, N>& words) {
  return words[static_cast<std::size_t>(below(random, N))];
}

}  // namespace

std::int64_t below(Random& random, std::int64_t end) {
  return std::uniform_int_distribution<std::int64_t>(0, end - 1)(random);
}

std::int64_t skewed(Random& random, std::int64_t end) {
  const double u = std::uniform_real_distribution<double>(0, 1)(random);
  return static_cast<std::int64_t>(static_cast<double>(end) * u * u * u);
}

bool chance(Random& random, int percent) {
  return below(random, 100) < percent;
}

std::string_view tag(Random& random) {
  return tags[static_cast<std::size_t>(skewed(random, tags.size()))];
}

std::string tag_list(Random& random) {
  std::string list = "[";
  const auto length = 1 + below(random, 5);
  for (std::int64_t i = 0; i < length; ++i) list += (i ? ",\"" : "\"") + std::string(tag(random)) + "\"";
  return list + "]";
}

std::string username(Random& random, std::int64_t n) {
  return std::string(any(random, first_names)) + "." + std::string(any(random, last_names)) +
         std::to_string(n);
}

std::string image(Random& random) {
  return "https://images.example.org/avatars/" + std::to_string(below(random, 1'000'000)) + ".png";
}

std::string sentence(Random& random, int words) {
  std::string text;
  for (int i = 0; i < words; ++i) text += (i ? " " : "") + std::string(any(random, prose));
  if (!text.empty()) text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

}  // namespace realworld
