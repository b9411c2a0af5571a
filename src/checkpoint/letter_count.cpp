#include "checkpoint/letter_count.hpp"

#include "config/state_names.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::checkpoint {

LettersCounted count_letters(mongo::ClientPool& pool, const std::string& state_database,
                             const std::string& pipeline, const std::string& stream) {
  constexpr int most_ms = 2000;  // a server in trouble is asked again later
  const auto client = pool.acquire();
  bson::Builder count;
  count.append("count", state::dead_letters).open("query");
  count.append("pipeline", pipeline).append("stream", stream).close();
  count.append("limit", most_letters_counted).append("maxTimeMS", most_ms);
  const mongo::Reply reply =
      mongo::run_command(client.get(), state_database, count.finish(), mongo::Doing::reading);
  if (!reply.ok()) return {0, reply.error};
  return {reply.view().at("n").integer().value_or(0), std::nullopt};
}

}  // namespace sluice::checkpoint
