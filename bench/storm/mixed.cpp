#include <algorithm>
#include <string>
#include <string_view>

#include "workload.hpp"

namespace storm {
namespace {

constexpr std::uint32_t kUserSteps = 20;

std::string_view collection_of(const bson_t* event) {
  bson_iter_t iter;
  bson_iter_t found;
  if (!bson_iter_init(&iter, event) || !bson_iter_find_descendant(&iter, "ns.coll", &found)) return {};
  return bson_iter_utf8(&found, nullptr);
}

/// The storms of users, favourites and tags in one database with all their rules. Their statements are
/// interleaved.
class Mixed : public Workload {
 public:
  explicit Mixed(Sizes sizes) {
    Sizes of_users = sizes;
    of_users.chunk = std::max(sizes.users / kUserSteps, 1U);
    users_ = make_users(of_users);
    sizes.loved_articles = std::min(sizes.loved_articles, sizes.users * sizes.articles_per_user);
    favourites_ = make_favourites(sizes);
    tags_ = make_tags(sizes);
  }

  std::string name() const override { return "mixed"; }
  std::vector<std::string> collections() const override { return {"articles", "comments", "tags"}; }
  std::string rules() const override { return users_->rules() + favourites_->rules() + tags_->rules(); }

  void load(const Client& client, const std::string& database) const override {
    users_->load(client, database);
    command(client, database, R"({"create":"favorites","changeStreamPreAndPostImages":{"enabled":true}})");
    command(client, database, R"({"create":"tags"})");
  }

  void plan(std::uint32_t round) override {
    for (Workload* part : parts()) part->plan(round);
  }

  std::size_t steps() const override {
    return std::max({users_->steps(), favourites_->steps(), tags_->steps()});
  }

  /// Distributes the steps of each storm evenly over the steps of this one.
  void write(const Client& client, const std::string& database, std::size_t step) const override {
    for (const Workload* part : parts()) {
      const std::size_t begin = step * part->steps() / steps();
      const std::size_t end = (step + 1) * part->steps() / steps();
      for (std::size_t own = begin; own < end; ++own) part->write(client, database, own);
    }
  }

  std::int64_t events() const override { return users_->events() + favourites_->events() + tags_->events(); }
  std::int64_t documents() const override {
    return users_->documents() + favourites_->documents() + tags_->documents();
  }
  bool fans() const override { return true; }

  void perfect(Writer& writer, std::size_t batch, Fan fan) const override {
    for (const Workload* part : parts()) part->perfect(writer, batch, fan);
  }

  void apply(const Client& client, const std::string& database, const bson_t* event) const override {
    const std::string_view from = collection_of(event);
    if (from == "users") users_->apply(client, database, event);
    if (from == "favorites") favourites_->apply(client, database, event);
    if (from == "articles") tags_->apply(client, database, event);
  }

  void verify(const Client& client, const std::string& database) const override {
    for (const Workload* part : parts()) part->verify(client, database);
  }

 private:
  std::unique_ptr<Workload> users_;
  std::unique_ptr<Workload> favourites_;
  std::unique_ptr<Workload> tags_;

  std::vector<Workload*> parts() const { return {users_.get(), favourites_.get(), tags_.get()}; }
};

}  // namespace

std::unique_ptr<Workload> make_mixed(const Sizes& sizes) {
  return std::make_unique<Mixed>(sizes);
}

}  // namespace storm
