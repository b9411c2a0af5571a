#include <algorithm>
#include <string>
#include <utility>

#include "check.hpp"
#include "data.hpp"
#include "workload.hpp"

namespace storm {
namespace {

constexpr std::uint32_t kFirstArticle = 100'000'000;  // above the numbers that other storms use
constexpr std::uint32_t kRoundSpan = 4'000'000;
constexpr std::uint32_t kMostTags = 4;
constexpr int kUpdatePercent = 40;

using Tags = std::vector<std::string>;

/// An insert of an article with tags, or an update of the tags of an article inserted earlier in the storm.
struct Tagging {
  std::uint32_t article;
  std::uint32_t author;
  Tags before;
  Tags after;
  bool update;
};

Bson tag_change(int by) {
  return json(by > 0 ? R"({"$inc":{"articleCount":1}})" : R"({"$inc":{"articleCount":-1}})");
}

Bson tag_list(const Tags& tags) {
  Bson out;
  bson_t set;
  bson_t list;
  BSON_APPEND_DOCUMENT_BEGIN(out.get(), "$set", &set);
  BSON_APPEND_ARRAY_BEGIN(&set, "tagList", &list);
  for (std::size_t i = 0; i < tags.size(); ++i)
    BSON_APPEND_UTF8(&list, std::to_string(i).c_str(), tags[i].c_str());
  bson_append_array_end(&set, &list);
  bson_append_document_end(out.get(), &set);
  return out;
}

/// Calls `act(tag, +1 or -1)` for each tag that is only in `after` or only in `before`. No list has a tag
/// twice.
template <class Act>
void difference(const Tags& before, const Tags& after, Act act) {
  const auto holds = [](const Tags& tags, const std::string& tag) {
    return std::find(tags.begin(), tags.end(), tag) != tags.end();
  };
  for (const std::string& tag : before)
    if (!holds(after, tag)) act(tag, -1);
  for (const std::string& tag : after)
    if (!holds(before, tag)) act(tag, +1);
}

Tags tags_at(const bson_t* event, const char* path) {
  Tags out;
  bson_iter_t iter;
  bson_iter_t found;
  bson_iter_t entry;
  if (!bson_iter_init(&iter, event) || !bson_iter_find_descendant(&iter, path, &found)) return out;
  if (!BSON_ITER_HOLDS_ARRAY(&found) || !bson_iter_recurse(&found, &entry)) return out;
  while (bson_iter_next(&entry)) out.emplace_back(bson_iter_utf8(&entry, nullptr));
  return out;
}

bool has(const bson_t* event, const char* path) {
  bson_iter_t iter;
  bson_iter_t found;
  return bson_iter_init(&iter, event) && bson_iter_find_descendant(&iter, path, &found);
}

class Taggings : public Workload {
 public:
  explicit Taggings(const Sizes& sizes) : sizes_(sizes) {}

  std::string name() const override { return "tags"; }
  std::vector<std::string> collections() const override { return {"tags"}; }

  std::string rules() const override {
    return "  - name: tag-tally\n"
           "    tally: { from: articles, field: tagList, into: tags, count: articleCount }\n";
  }

  void load(const Client& client, const std::string& database) const override {
    create(client, database, "articles");
    command(client, database, R"({"create":"tags"})");
  }

  void plan(std::uint32_t round) override {
    std::mt19937_64 random(sizes_.seed * 104729 + round);
    const Zipf zipf(sizes_.tags);
    const std::uint32_t first = kFirstArticle + round * kRoundSpan;
    std::vector<Tags> lists;
    taggings_.clear();
    for (std::uint32_t i = 0; i < sizes_.tag_events; ++i) {
      const bool update = lists.size() > chunk() && random() % 100 < kUpdatePercent;
      if (!update) {
        const auto number = static_cast<std::uint32_t>(lists.size());
        lists.push_back(some_tags(zipf, random));
        taggings_.push_back({first + number, number % std::max(sizes_.users, 1U), {}, lists.back(), false});
        continue;
      }
      // Not an article of the last chunk, so that every updated article already exists.
      const auto number = static_cast<std::uint32_t>(random() % (lists.size() - chunk()));
      Tags after = some_tags(zipf, random);
      taggings_.push_back({first + number, 0, lists[number], after, true});
      lists[number] = std::move(after);
    }
  }

  std::size_t steps() const override { return (taggings_.size() + chunk() - 1) / chunk(); }

  /// The bulk is ordered, so that two updates of one article stay in the planned order.
  void write(const Client& client, const std::string& database, std::size_t step) const override {
    const Collection articles = collection(client, database, "articles");
    const Bulk bulk(mongoc_collection_create_bulk_operation_with_opts(articles.get(), nullptr));
    const std::size_t end = std::min((step + 1) * chunk(), taggings_.size());
    for (std::size_t i = step * chunk(); i < end; ++i) {
      const Tagging& tagging = taggings_[i];
      if (tagging.update)
        mongoc_bulk_operation_update_one(bulk.get(), by_id(Kind::article, tagging.article).get(),
                                         tag_list(tagging.after).get(), false);
      else
        mongoc_bulk_operation_insert(bulk.get(),
                                     article(tagging.article, tagging.author, tagging.after).get());
    }
    execute(bulk);
  }

  /// An update that does not change the list makes no event.
  std::int64_t events() const override {
    return std::count_if(taggings_.begin(), taggings_.end(),
                         [](const Tagging& t) { return !t.update || t.before != t.after; });
  }

  std::int64_t documents() const override {
    std::int64_t sum = 0;
    for (const Tagging& t : taggings_) difference(t.before, t.after, [&](const std::string&, int) { ++sum; });
    return sum;
  }

  void perfect(Writer& writer, std::size_t batch, Fan) const override {
    const Bson more = tag_change(+1);
    const Bson fewer = tag_change(-1);
    std::size_t waiting = 0;
    for (const Tagging& tagging : taggings_) {
      difference(tagging.before, tagging.after, [&](const std::string& tag, int by) {
        writer.update_one("tags", by_name(tag), by > 0 ? more : fewer, true);
        ++waiting;
      });
      if (waiting < batch) continue;
      writer.flush();
      waiting = 0;
    }
    writer.flush();
  }

  void apply(const Client& client, const std::string& database, const bson_t* event) const override {
    const bool inserted = has(event, "fullDocument.tagList");
    const Tags before = tags_at(event, "fullDocumentBeforeChange.tagList");
    const Tags after =
        tags_at(event, inserted ? "fullDocument.tagList" : "updateDescription.updatedFields.tagList");
    difference(before, after, [&](const std::string& tag, int by) {
      bson_error_t error;
      if (!mongoc_collection_update_one(collection(client, database, "tags").get(), by_name(tag).get(),
                                        tag_change(by).get(), json(R"({"upsert":true})").get(), nullptr,
                                        &error))
        throw MongoError("update", error);
    });
  }

  void verify(const Client& client, const std::string& database) const override {
    expect_equal("tags.articleCount",
                 counts(client, database, "tags", R"([{"$project":{"n":"$articleCount"}}])"),
                 counts(client, database, "articles", R"([
                   {"$unwind":{"path":"$tagList"}},{"$group":{"_id":"$tagList","n":{"$sum":1}}}])"));
  }

 private:
  Sizes sizes_;
  std::vector<Tagging> taggings_;

  std::size_t chunk() const { return std::max(sizes_.chunk, 1U); }

  static Bson by_name(const std::string& tag) {
    Bson out;
    BSON_APPEND_UTF8(out.get(), "_id", tag.c_str());
    return out;
  }

  static Tags some_tags(const Zipf& zipf, std::mt19937_64& random) {
    Tags out(1 + random() % kMostTags);
    for (std::string& tag : out) tag = "tag" + std::to_string(zipf(random));
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }
};

}  // namespace

std::unique_ptr<Workload> make_tags(const Sizes& sizes) {
  return std::make_unique<Taggings>(sizes);
}

}  // namespace storm
