#include <algorithm>
#include <string>

#include "data.hpp"
#include "workload.hpp"

namespace storm {
namespace {

constexpr std::uint32_t kRoundSpan = 4'000'000;

/// Events that a rule reads and drops, since no document has its reference field. So only the way through the
/// pipeline is measured.
class Bare : public Workload {
 public:
  explicit Bare(const Sizes& sizes) : sizes_(sizes) {}

  std::string name() const override { return "bare"; }
  std::vector<std::string> collections() const override { return {}; }

  std::string rules() const override {
    return "  - name: nothing-to-count\n"
           "    count: { from: favorites, reference: absentId, into: articles, field: favoritesCount }\n";
  }

  void load(const Client& client, const std::string& database) const override {
    for (const char* collection : {"favorites", "articles"}) create(client, database, collection);
  }

  void plan(std::uint32_t round) override { first_ = round * kRoundSpan; }

  std::size_t steps() const override { return (sizes_.bare + chunk() - 1) / chunk(); }

  void write(const Client& client, const std::string& database, std::size_t step) const override {
    const std::uint32_t begin = static_cast<std::uint32_t>(step) * chunk();
    const std::uint32_t count = std::min(chunk(), sizes_.bare - begin);
    insert_many(collection(client, database, "favorites"), count,
                [&](std::uint32_t i) { return favourite(first_ + begin + i, i, i); });
  }

  std::int64_t events() const override { return sizes_.bare; }
  std::int64_t documents() const override { return 0; }
  void perfect(Writer&, std::size_t, Fan) const override {}
  void apply(const Client&, const std::string&, const bson_t*) const override {}
  void verify(const Client&, const std::string&) const override {}  // the rule writes nothing

 private:
  Sizes sizes_;
  std::uint32_t first_ = 0;

  std::uint32_t chunk() const { return std::max(sizes_.chunk, 1U); }
};

}  // namespace

std::unique_ptr<Workload> make_bare(const Sizes& sizes) {
  return std::make_unique<Bare>(sizes);
}

}  // namespace storm
