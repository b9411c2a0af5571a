// Nanoseconds for the hash of an id.
#include "source/id_hash.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include "bson/raii.hpp"

namespace {

std::int64_t sum = 0;

void measure(sluice::source::IdHasher& hasher, const char* name, const std::string& json) {
  constexpr int rounds = 1'000'000;
  sluice::bson::Document document;
  bson_error_t error{};
  if (!bson_init_from_json(document.out(), json.c_str(), -1, &error)) return;
  const sluice::bson::Value id = sluice::bson::View(*document.get()).at("v");
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i) sum += hasher.hash(id) & 1;
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
  std::printf("%-10s %6.0f ns\n", name, took.count() / rounds);
}

}  // namespace

int main() {
  sluice::source::IdHasher hasher;
  measure(hasher, "int32", R"({"v":42})");
  measure(hasher, "ObjectId", R"({"v":{"$oid":"650000000000000000000001"}})");
  measure(hasher, "string", R"({"v":"a text of thirty-two characters"})");
  measure(hasher, "document", R"({"v":{"user":{"$oid":"650000000000000000000001"},"article":42}})");
  measure(hasher, "decimal", R"({"v":{"$numberDecimal":"1.5"}})");
  return sum < 0 ? 1 : 0;
}
