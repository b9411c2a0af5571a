#pragma once

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "support/publishing.hpp"

namespace sluice::test {

/// The hexadecimal digits of an ObjectId.
inline std::string object_id(int number) {
  std::string digits = std::to_string(number);
  return std::string(24 - digits.size(), '0') + digits;
}

/// {_id: ObjectId, n: number}
inline std::string numbered(int number) {
  return R"({"_id":{"$oid":")" + object_id(number) + R"("},"n":)" + std::to_string(number) + "}";
}

/// A change stream that a test opens itself, as drivers do, to get resume tokens.
class ChangeStream {
 public:
  /// `collection`: a name as a JSON string, or "1" for the whole database. The collection with resume tokens
  /// is left out. `after`: the token to resume after; "" to start at the present.
  ChangeStream(Mongo& db, const std::string& collection, const std::string& after = "") : db_(db) {
    const std::string where = after.empty() ? "" : R"("resumeAfter":{"_data":")" + after + "\"}";
    const Document reply = db_.command(
        R"({"aggregate":)" + collection + R"(,"pipeline":[{"$changeStream":{)" + where +
        R"(}},{"$match":{"ns.coll":{"$ne":"cs_resume_tokens"}}}],)" + R"("cursor":{"batchSize":0}})");
    cursor_ = reply.integer("cursor.id");
    name_ = reply.text("cursor.ns").substr(db_.database().size() + 1);
  }

  /// The tokens of the next events.
  std::vector<std::string> tokens(std::size_t count) {
    std::vector<std::string> all;
    while (all.size() < count) {
      const Document reply = db_.command(R"({"getMore":{"$numberLong":")" + std::to_string(cursor_) +
                                         R"("},"collection":")" + name_ + R"("})");
      for (int i = 0; reply.has("cursor.nextBatch." + std::to_string(i)); ++i) {
        all.push_back(reply.text("cursor.nextBatch." + std::to_string(i) + "._id._data"));
      }
    }
    return all;
  }

 private:
  Mongo& db_;
  std::int64_t cursor_ = 0;
  std::string name_;
};

/// Tests with workers that run in place of one of the two other connectors, with its settings.
class Connector : public PublishingTest {
 protected:
  Connector() : Connector(shared_server(), shared_nats()) {}
  Connector(ReplicaSet& replica_set, NatsServer& nats)
      : PublishingTest(replica_set, nats),
        second_(server().patient_uri(), db().database() + "_2"),
        tokens_(server().patient_uri(), db().database() + "_t") {
    second_.drop_database();
    tokens_.drop_database();
  }
  ~Connector() override {
    if (HasFailure()) {
      for (const auto& one : connectors_) std::cout << one->story() << "\n";
    }
    second_.drop_database();
    tokens_.drop_database();
  }

  Mongo& second() { return second_; }
  Mongo& tokens() { return tokens_; }

  /// The replica set's URI with this test's database in its path.
  std::string uri_with_database() {
    std::string uri = server().uri();
    return uri.insert(uri.find("/?") + 1, db().database());
  }

  Environment variables(const Environment& more = {}) {
    Environment all = more;
    all.insert({{"MONGO_URI", uri_with_database()},
                {"MONGO_WATCH_COLLECTIONS", "users,movies"},
                {"NATS_SERVER_URL", nats_server().url()},
                {"NATS_STREAM_NAME", stream()}});
    return all;
  }

  Worker& start_connector(const Environment& environment, const std::vector<std::string>& more = {}) {
    std::vector<std::string> flags = more;
    if (std::ranges::find(more, "--state-database") == more.end()) {
      flags.insert(flags.end(), {"--state-database", state().database()});
    }
    connectors_.push_back(std::make_unique<Worker>(
        Worker::Options{.file = "", .flags = flags, .environment = environment, .connector = true}));
    return *connectors_.back();
  }

  /// Writes a file of the connector that is configured by one, with these entries under `collections`.
  std::string connector_file(const std::string& collections) {
    return folder_.write("connector.yaml", "connector:\n  log: { level: debug }\n  mongo: { uri: \"" +
                                               server().uri() + "\" }\n  nats: { url: \"" +
                                               nats_server().url() + "\" }\n  collections:\n" + collections);
  }

  bool soon_holds(const std::string& stream, std::int64_t count) {
    return workbench::eventually(patience(std::chrono::seconds(60)),
                                 [&] { return consumer().count(stream) >= count; });
  }

  static bool soon_ready(const Worker& worker) {
    return workbench::eventually(patience(std::chrono::seconds(30)),
                                 [&] { return worker.get("/readyz").status == 200; });
  }

  /// For comparisons: messages about different documents arrive in any order.
  static std::vector<std::string> sorted(std::vector<std::string> texts) {
    std::ranges::sort(texts);
    return texts;
  }

  static std::vector<std::string> ids(const std::vector<NatsMessage>& all) {
    std::vector<std::string> ids;
    for (const auto& message : all) ids.push_back(message.headers.at("Nats-Msg-Id"));
    return ids;
  }

  static std::vector<std::string> subjects(const std::vector<NatsMessage>& all) {
    std::vector<std::string> subjects;
    for (const auto& message : all) subjects.push_back(message.subject);
    return subjects;
  }

 private:
  Mongo second_;
  Mongo tokens_;
  TemporaryDirectory folder_;
  std::vector<std::unique_ptr<Worker>> connectors_;
};

}  // namespace sluice::test
