#include "support/rabbit_fixture.hpp"
#include "support/skipping.hpp"

#include <csignal>

#include <cstdlib>
#include <iterator>

namespace sluice::test {

RabbitServer& shared_rabbitmq() {
  static RabbitServer server;
  return server;
}

namespace {

constexpr auto stream_offset = "x-stream-offset";

/// From its first message on, or from its last chunk on.
std::vector<RabbitMessage> read_stream_from(const std::string& begin, int port, const std::string& stream) {
  constexpr std::uint16_t prefetch = 1000;
  constexpr auto nothing_more = std::chrono::milliseconds(500);
  Rabbit rabbit(port);
  rabbit.consume(stream, prefetch, {{stream_offset, begin}});
  std::vector<RabbitMessage> all;
  for (auto more = rabbit.next(nothing_more); !more.empty(); more = rabbit.next(nothing_more))
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  return all;
}

}  // namespace

std::vector<RabbitMessage> read_stream(int port, const std::string& stream) {
  return read_stream_from("first", port, stream);
}

std::int64_t length_of_stream(int port, const std::string& stream) {
  const auto last = read_stream_from("last", port, stream);
  return last.empty() ? 0 : std::stoll(last.back().headers.at(stream_offset)) + 1;
}

void RabbitTest::SetUp() {
  skip_if(why_no_rabbitmq());
}

void RabbitTest::declare(const Rabbit::Arguments& arguments) {
  Rabbit rabbit(rabbitmq().port());
  rabbit.declare_exchange(exchange());
  rabbit.declare_queue(queue(), arguments);
  rabbit.bind(queue(), exchange(), "#");
}

void RabbitTest::declare_behind(const Worker& worker) {
  worker.signal(SIGSTOP);
  client().declare_queue(queue());  // by then the broker has handled what the worker had sent
  declare();
  worker.signal(SIGCONT);
}

std::string RabbitTest::rabbit_file(const std::vector<std::string>& rabbitmq,
                                    const std::vector<std::string>& more, const std::string& top) {
  std::string rule = "  - name: out\n    publish:\n      from: items\n";
  for (const std::string& line : more) rule += "      " + line + "\n";
  rule += "      rabbitmq:\n        exchange: \"{db}\"\n";
  for (const std::string& line : rabbitmq) rule += "        " + line + "\n";
  return file(rule + top);
}

Worker& RabbitTest::start_rabbit(const std::string& file, std::vector<std::string> flags) {
  flags.insert(flags.begin(), {"--rabbitmq-url", rabbitmq().url()});
  return start(file, std::move(flags));
}

const std::vector<RabbitMessage>& RabbitTest::messages() {
  try {
    auto more = client().take(queue());
    taken_.insert(taken_.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  } catch (const workbench::RabbitError&) {
    // What was not acknowledged is still in the queue.
  }
  return taken_;
}

std::optional<std::int64_t> RabbitTest::count_messages() {
  return static_cast<std::int64_t>(messages().size());
}

void RabbitTest::read_into(SequenceCheck& check) {
  for (const RabbitMessage& message : messages()) check.add(Document(message.body), message.message_id);
}

}  // namespace sluice::test
