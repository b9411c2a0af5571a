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

/// The sizes of a storm. Each workload uses some of them.
struct Sizes {
  std::uint32_t users = 2000;
  std::uint32_t articles_per_user = 5;
  std::uint32_t comments_per_user = 10;
  std::uint32_t favourites = 100'000;
  std::uint32_t loved_articles = 1000;  ///< articles that get favourites, with a Zipf distribution
  double delete_share = 0;              ///< the share of deletes among the favourites' events, 0 to 0.5
  std::uint32_t tag_events = 30'000;
  std::uint32_t tags = 500;
  std::uint32_t bare = 200'000;
  std::uint32_t chunk =
      1000;  ///< events written by one statement of the storm; 0: all users in one updateMany
  std::uint64_t seed = 1;
};

/// How a perfect writer writes the copies of a user's fields: one update for each author, or for each
/// document.
enum class Fan { by_author, by_document };

/// A storm: its writes, the expected results, and the same effects written without Sluice. plan() plans a
/// round; the other functions are about the last planned round.
class Workload {
 public:
  virtual ~Workload() = default;

  virtual std::string name() const = 0;
  virtual std::string rules() const = 0;                     ///< the YAML list under `rules:`
  virtual std::vector<std::string> collections() const = 0;  ///< the rules' targets

  virtual void load(const Client& client, const std::string& database) const = 0;
  virtual void plan(std::uint32_t round) = 0;

  virtual std::size_t steps() const = 0;
  virtual void write(const Client& client, const std::string& database, std::size_t step) const = 0;
  virtual std::int64_t events() const = 0;     ///< number of events that a worker reads
  virtual std::int64_t documents() const = 0;  ///< number of document writes, without any merging

  /// Gives all effects to a writer, and flushes it after every `batch` documents.
  virtual void perfect(Writer& writer, std::size_t batch, Fan fan) const = 0;
  /// Whether `fan` makes a difference.
  virtual bool fans() const { return false; }

  /// The one-at-a-time loop's work for an event: writes its effect to `database`.
  virtual void apply(const Client& client, const std::string& database, const bson_t* event) const = 0;

  /// Throws if a projection differs from a fresh computation.
  virtual void verify(const Client& client, const std::string& database) const = 0;
};

std::unique_ptr<Workload> make_users(const Sizes& sizes);
std::unique_ptr<Workload> make_favourites(const Sizes& sizes);
std::unique_ptr<Workload> make_tags(const Sizes& sizes);
std::unique_ptr<Workload> make_mixed(const Sizes& sizes);
std::unique_ptr<Workload> make_bare(const Sizes& sizes);
std::unique_ptr<Workload> make_workload(std::string_view name, const Sizes& sizes);

/// Writes a whole storm without pauses.
void write_all(const Workload& workload, const Client& client, const std::string& database);

}  // namespace storm
