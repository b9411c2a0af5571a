#include "source/oplog.hpp"

#include "sluice/bson_builder.hpp"

namespace sluice::source {

namespace {

// Reading the first entry takes almost no time, so a longer wait would only burden a server in trouble.
constexpr int most_ms = 2000;

std::optional<Error> read_clock(mongoc_client_t* client, OplogAnswer& answer) {
  bson::Builder hello;
  hello.append("hello", 1);
  answer.at = flow::Clock::now();
  const mongo::Reply reply = mongo::run_command(client, "admin", hello.finish(), mongo::Doing::reading);
  if (!reply.ok()) return reply.error;
  answer.wall_clock = static_cast<double>(reply.view().at("localTime").date_ms()) / 1000.0;
  return std::nullopt;
}

std::optional<Error> read_oldest(mongoc_client_t* client, OplogAnswer& answer) {
  bson::Builder find;
  find.append("find", "oplog.rs").open("sort").append("$natural", 1).close();
  find.append("limit", 1).append("singleBatch", true).append("maxTimeMS", most_ms);
  find.open("projection").append("ts", 1).append("op", 1).append("o.msg", 1).close();
  const mongo::Reply reply = mongo::run_command(client, "local", find.finish(), mongo::Doing::reading);
  if (!reply.ok()) return reply.error;
  for (const auto& [index, entry] : reply.view().at_path("cursor.firstBatch").document()) {
    answer.whole = is_first_of_oplog(entry.document());
    answer.oldest = static_cast<double>(entry.document().at("ts").timestamp() >> 32);
  }
  return std::nullopt;
}

}  // namespace

bool is_first_of_oplog(const bson::View& entry) {
  return entry.at("op").text() == "n" && entry.at_path("o.msg").text() == "initiating set";
}

OplogAnswer read_oplog(mongo::ClientPool& pool) {
  const auto client = pool.acquire();
  OplogAnswer answer;
  answer.error = read_clock(client.get(), answer);
  if (!answer.error) answer.error = read_oldest(client.get(), answer);
  return answer;
}

}  // namespace sluice::source
