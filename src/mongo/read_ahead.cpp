#include "mongo/read_ahead.hpp"

#include <utility>

namespace sluice::mongo {

ReadAhead::ReadAhead(ClientPool& pool, std::string database, std::string collection, bson::Builder command,
                     std::uint64_t at)
    : cursor_(pool),
      database_(std::move(database)),
      collection_(std::move(collection)),
      command_(std::move(command)),
      at_(at),
      coming_(std::async(std::launch::async, [this] { return read(); })) {}

ReadAhead::Answer ReadAhead::read() {
  Answer answer;
  if (command_) {
    answer.error = cursor_.open(database_, collection_, *command_, at_);
    command_.reset();
  }
  if (!answer.error) answer.error = cursor_.next(answer.documents);
  answer.holder = cursor_.release();
  return answer;
}

std::optional<Error> ReadAhead::next(std::vector<bson::View>& documents) {
  if (!coming_.valid()) {
    documents.clear();
    return last_.error;
  }
  last_ = coming_.get();
  documents = last_.documents;
  const bool more = !last_.error && !documents.empty();
  if (more) coming_ = std::async(std::launch::async, [this] { return read(); });
  return last_.error;
}

}  // namespace sluice::mongo
