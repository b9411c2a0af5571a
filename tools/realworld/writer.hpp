#pragma once

#include <cstdint>
#include <string>

#include "realworld/storm.hpp"

namespace realworld {

/// One writer of a storm. Its random operations are determined by the seed and its number.
class Writer {
 public:
  Writer(const std::string& uri, const std::string& database, const StormOptions& options, int number);

  /// Performs one random operation. Throws workbench::MongoError.
  void step();

 private:
  std::string user();
  std::string article();
  std::string favorite();
  std::string comment();
  std::int64_t fresh(std::int64_t& counter) const;

  void favorite_step();
  void article_step();
  void tag_step();
  void user_step();
  void comment_step();
  void reader_in_one_go();
  void user_comes_back();

  const StormOptions& options_;
  workbench::Mongo mongo_;
  Random random_;
  std::int64_t first_;  ///< the first of this writer's numbers for new documents
  std::int64_t new_favorites_ = 0;
  std::int64_t new_articles_ = 0;
  std::int64_t new_comments_ = 0;
};

}  // namespace realworld
