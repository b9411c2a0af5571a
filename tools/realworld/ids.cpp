#include "realworld/ids.hpp"

#include <array>
#include <cstdio>

namespace realworld {
namespace {

std::string object_id(Kind kind, std::int64_t n) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), R"({"$oid":"%08x%016llx"})",
                0x65000000U + static_cast<unsigned>(kind), static_cast<unsigned long long>(n));
  return text.data();
}

}  // namespace

std::string id_of(Ids ids, Kind kind, std::int64_t n) {
  const std::string number = std::to_string(n);
  if (ids == Ids::object_ids) return object_id(kind, n);
  switch (n % 7) {
    case 0:
      return n == 0 ? "0" : R"({"$numberLong":")" + number + "\"}";
    case 1:
      return n == 1 ? R"("")" : "\"id-" + number + "\"";
    case 2:
      return n == 2 ? "null" : R"({"$date":{"$numberLong":")" + number + "\"}}";
    case 3:
      return R"({"$numberDecimal":")" + number + ".5\"}";
    case 4:
      return R"({"part":"of","n":)" + number + "}";
    case 5:
      return R"({"$numberDouble":")" + number + ".25\"}";
    default:
      return object_id(kind, n);
  }
}

}  // namespace realworld
