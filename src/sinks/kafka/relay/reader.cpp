#include "sinks/kafka/relay/reader.hpp"

#include <algorithm>

#include "flow/time.hpp"
#include "sinks/kafka/errors.hpp"
#include "sinks/kafka/relay/record.hpp"

namespace sluice::sinks::kafka {

namespace {

using std::chrono::milliseconds;

class PartitionReader : public RelayReader {
 public:
  PartitionReader(std::shared_ptr<RelaySession> session, int partition, std::string name)
      : losses_(session->losses()),
        partition_(partition),
        name_(std::move(name)),
        messages_(std::move(session), partition) {}

  std::optional<Error> open(std::int64_t offset) {
    behind_ = offset;
    return messages_.start(offset);
  }

  std::optional<Error> next(std::vector<RelayRecord>& records, std::size_t most, std::size_t bytes,
                            milliseconds wait) override {
    if (messages_.session().losses() != losses_) return messages_.session().complaint();
    const flow::Time until = flow::Clock::now() + wait;
    std::size_t taken = 0;
    while (records.size() < most && taken < bytes) {
      const auto left = std::chrono::ceil<milliseconds>(until - flow::Clock::now());
      const bool any = !records.empty();
      const Message message = messages_.next(any ? milliseconds(0) : std::max(left, milliseconds(0)));
      if (!message) return std::nullopt;
      if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        behind_ = std::max(behind_, message->offset);
        at_end_ = true;
        continue;
      }
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(*message);
      auto record = relay_record_of(*message);
      if (!record) return no_relay_record(name_, *message);
      behind_ = message->offset + 1;
      at_end_ = false;
      taken += record->body.size();
      records.push_back(std::move(*record));
    }
    return std::nullopt;
  }

  std::uint64_t unread() const override {
    if (at_end_) return 0;
    const std::int64_t end = messages_.session().known_end(partition_);
    return static_cast<std::uint64_t>(std::max<std::int64_t>(end - behind_, 0));
  }

 private:
  Error failed(const rd_kafka_message_t& message) const {
    // The topic's front was dropped, or it was made anew. Whether anything is lost, the position tells.
    if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
        message.err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
      return {ErrorKind::cursor_gone, 0, name_ + " no longer has the offset that was to be read"};
    }
    return error_of(message.err, name_ + " cannot be read");
  }

  const std::uint64_t losses_;
  const int partition_;
  const std::string name_;
  PartitionMessages messages_;
  std::int64_t behind_ = 0;  ///< the offset to be read next
  bool at_end_ = false;
};

}  // namespace

Error no_relay_record(const std::string& name, const rd_kafka_message_t& message) {
  return {ErrorKind::fatal, 0,
          "message " + std::to_string(message.offset) + " in partition " + std::to_string(message.partition) +
              " of " + name + " was not written by Sluice; give the relay a topic of its own"};
}

std::optional<Error> open_relay_reader(std::shared_ptr<RelaySession> session, int partition,
                                       std::int64_t offset, const std::string& name,
                                       std::unique_ptr<RelayReader>& reader) {
  auto made = std::make_unique<PartitionReader>(std::move(session), partition, name);
  if (auto error = made->open(offset)) return error;
  reader = std::move(made);
  return std::nullopt;
}

}  // namespace sluice::sinks::kafka
