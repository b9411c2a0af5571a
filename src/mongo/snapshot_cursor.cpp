#include "mongo/snapshot_cursor.hpp"

namespace sluice::mongo {

namespace {

constexpr int documents_in_one_answer = 2000;  // without a limit, the server fills each answer up to 16 MB

}  // namespace

std::optional<Error> SnapshotCursor::open(const std::string& database, const std::string& collection,
                                          bson::Builder& command, std::uint64_t at) {
  close();
  if (auto error = session_.begin()) return error;
  command.open("readConcern").append("level", "snapshot");
  if (at != 0) command.append_timestamp("atClusterTime", at);
  command.close();
  database_ = database;
  collection_ = collection;
  take(session_.command(database_, command.finish()), "firstBatch");
  if (!reply_->ok()) return reply_->error;
  at_ = at != 0 ? at : reply_->view().at_path("cursor.atClusterTime").timestamp();
  return std::nullopt;
}

void SnapshotCursor::take(Reply reply, const char* batch) {
  reply_ = std::make_unique<Reply>(std::move(reply));
  batch_ = reply_->ok() ? batch : nullptr;
  cursor_ = reply_->ok() ? reply_->view().at_path("cursor.id").integer().value_or(0) : 0;
}

std::optional<Error> SnapshotCursor::next(std::vector<bson::View>& documents) {
  documents.clear();
  while (true) {
    if (batch_ != nullptr) {
      const bson::View cursor = reply_->view().at("cursor").document();
      for (const auto& [index, value] : cursor.at(batch_).document()) documents.push_back(value.document());
      batch_ = nullptr;
      if (!documents.empty()) return std::nullopt;
    }
    if (cursor_ == 0) return std::nullopt;
    bson::Builder more;
    more.append("getMore", cursor_).append("collection", collection_);
    more.append("batchSize", documents_in_one_answer);
    take(session_.command(database_, more.finish()), "nextBatch");
    if (!reply_->ok()) return reply_->error;
  }
}

void SnapshotCursor::close() {
  if (cursor_ == 0) return;
  bson::Builder kill;
  kill.append("killCursors", collection_).open_array("cursors").append("0", cursor_).close();
  session_.command(database_, kill.finish());  // an error does no harm: the server closes idle cursors
  cursor_ = 0;
}

}  // namespace sluice::mongo
