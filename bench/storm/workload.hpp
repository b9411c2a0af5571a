#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mongo.hpp"
#include "writer.hpp"

namespace storm {

/// How big a storm is. Every workload reads what concerns it.
struct Sizes {
  std::uint32_t users = 2000;
  std::uint32_t articles_per_user = 5;
  std::uint32_t comments_per_user = 10;
  std::uint32_t favourites = 100'000;
  std::uint32_t loved_articles = 1000;  ///< favourites fall on so many, zipf-distributed
  double delete_share = 0;              ///< of the favourites' events, so many are deletes (0 to 0.5)
  std::uint32_t tag_events = 30'000;
  std::uint32_t tags = 500;
  std::uint32_t bare = 200'000;
  std::uint32_t chunk =
      1000;  ///< events written by one statement of the storm; 0: all users in one updateMany
  std::uint64_t seed = 1;
};

/// How the copies of a user's fields are written by a perfect writer.
enum class Fan { by_author, by_document };

/// A storm: what it writes, what must come of it, and what its effects cost without Sluice.
/// plan() decides a round; the other functions speak of the round planned last.
class Workload {
 public:
  virtual ~Workload() = default;

  virtual std::string name() const = 0;
  virtual std::string rules() const = 0;                     ///< the YAML list under `rules:`
  virtual std::vector<std::string> collections() const = 0;  ///< those that the rules write to

  virtual void load(const Client& client, const std::string& database) const = 0;
  virtual void plan(std::uint32_t round) = 0;

  virtual std::size_t steps() const = 0;
  virtual void write(const Client& client, const std::string& database, std::size_t step) const = 0;
  virtual std::int64_t events() const = 0;     ///< that a worker gets to read
  virtual std::int64_t documents() const = 0;  ///< writes that the effects amount to, none put together

  /// Give all effects to a writer, flushing at `batch` documents.
  virtual void perfect(Writer& writer, std::size_t batch, Fan fan) const = 0;
  /// Does it matter how copies are written?
  virtual bool fans() const { return false; }

  /// What the one-at-a-time loop does with an event: write it, with majority, to `database`.
  virtual void apply(const Client& client, const std::string& database, const bson_t* event) const = 0;

  /// Throws unless every projection equals a fresh computation.
  virtual void verify(const Client& client, const std::string& database) const = 0;
};

std::unique_ptr<Workload> make_users(const Sizes& sizes);
std::unique_ptr<Workload> make_favourites(const Sizes& sizes);
std::unique_ptr<Workload> make_tags(const Sizes& sizes);
std::unique_ptr<Workload> make_mixed(const Sizes& sizes);
std::unique_ptr<Workload> make_bare(const Sizes& sizes);
std::unique_ptr<Workload> make_workload(std::string_view name, const Sizes& sizes);

/// Write a whole storm at once.
void write_all(const Workload& workload, const Client& client, const std::string& database);

}  // namespace storm
