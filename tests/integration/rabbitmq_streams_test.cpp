#include "support/rabbit_fixture.hpp"
#include "workbench/net.hpp"

namespace sluice::test {
namespace {

/// Streams, which keep their messages, and super streams, which are divided into streams.
class RabbitStreams : public RabbitTest {
 protected:
  /// A broker with RabbitMQ's program for super streams.
  RabbitServer& rabbitmq() override {
    static const workbench::Port stream_port;
    static RabbitServer own({.settings = "stream.listeners.tcp.1 = 127.0.0.1:" + stream_port.text(),
                             .plugins = "rabbitmq_stream"});
    return own;
  }
  std::optional<std::int64_t> count_messages() override {
    std::int64_t all = 0;
    for (const std::string& stream : streams_)
      all += static_cast<std::int64_t>(read_stream(rabbitmq().port(), stream).size());
    return all;
  }
  void read_into(SequenceCheck& check) override {
    for (const std::string& stream : streams_) {
      for (const RabbitMessage& message : read_stream(rabbitmq().port(), stream))
        check.add(Document(message.body), message.message_id);
    }
  }
  /// With `partitions` streams, made by RabbitMQ's own program.
  void add_super_stream(int partitions) {
    rabbitmq().run("rabbitmq-streams",
                   {"add_super_stream", exchange(), "--partitions", std::to_string(partitions)});
    for (int i = 0; i < partitions; ++i) streams_.push_back(exchange() + "-" + std::to_string(i));
  }

  std::vector<std::string> streams_;
};

/// It can be read again and again from its beginning.
TEST_F(RabbitStreams, AStreamHoldsTheChangesInTheirOrder) {
  declare({{"x-queue-type", "stream"}});
  streams_ = {queue()};
  start_rabbit(rabbit_file(), {"--batch-docs", "50"}).ready();
  write_numbers(200, 20);
  EXPECT_TRUE(told_in_order());
  const auto first = read_stream(rabbitmq().port(), queue());
  const auto again = read_stream(rabbitmq().port(), queue());
  ASSERT_EQ(first.size(), again.size());
  EXPECT_EQ(first.back().body, again.back().body);
  EXPECT_EQ(first.front().message_id, Document(first.front().body).text("_id._data"));
  EXPECT_EQ(first.front().headers.at("Sluice-Operation"), "insert");
}

/// AMQP has no ids by which a stream drops repetitions. The message id is what a consumer can go by.
TEST_F(RabbitStreams, ARepetitionInAStreamHasTheSameId) {
  declare({{"x-queue-type", "stream"}});
  streams_ = {queue()};
  const std::string file = rabbit_file();
  start_rabbit(file).ready();
  write_numbers(1, 0);
  ASSERT_TRUE(told_in_order());
  ASSERT_TRUE(settled());
  const auto before = state().find_one("shards");
  write_rounds(1);
  ASSERT_TRUE(told_in_order());
  worker().kill9();
  worker().wait();
  forget_workers();
  state().replace("shards", "{}", *before);
  start_rabbit(file).ready();
  EXPECT_TRUE(holds(3));
  const auto all = read_stream(rabbitmq().port(), queue());
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1].message_id, all[2].message_id);
}

/// The same partition that RabbitMQ's stream clients choose for the key.
TEST_F(RabbitStreams, ASuperStreamIsPartitionedByTheRoutingKey) {
  add_super_stream(3);
  start_rabbit(rabbit_file({"routing_key: \"hello{id}\"", "partitions: 3"})).ready();
  write_numbers(11, 5);
  ASSERT_TRUE(told_in_order());
  const std::string partitions = "1012020102";  // of hello1 to hello10
  for (std::size_t partition = 0; partition < streams_.size(); ++partition) {
    for (const RabbitMessage& message : read_stream(rabbitmq().port(), streams_[partition])) {
      const auto id = static_cast<std::size_t>(Document(message.body).integer("documentKey._id"));
      if (id == 0) continue;
      EXPECT_EQ(partitions[id - 1] - '0', static_cast<int>(partition)) << "hello" << id;
    }
  }
}

/// A super stream may also be bound by keys of its own, to which the rule's routing keys are sent as they
/// are.
TEST_F(RabbitStreams, ASuperStreamOfNamedPartitions) {
  rabbitmq().run("rabbitmq-streams", {"add_super_stream", exchange(), "--routing-keys", "eu,us"});
  streams_ = {exchange() + "-eu", exchange() + "-us"};
  start_rabbit(rabbit_file({"routing_key: \"{region}\""})).ready();
  db().insert("items", R"({"_id":1,"n":0,"region":"us"})");
  db().insert("items", R"({"_id":2,"n":0,"region":"eu"})");
  ASSERT_TRUE(told_in_order());
  const auto in_us = read_stream(rabbitmq().port(), streams_[1]);
  ASSERT_EQ(in_us.size(), 1U);
  EXPECT_EQ(Document(in_us[0].body).integer("documentKey._id"), 1);
}

/// The rule has more partitions than the super stream.
TEST_F(RabbitStreams, APartitionThatIsMissingIsADeadLetter) {
  add_super_stream(1);
  start_rabbit(rabbit_file({"routing_key: hello1", "partitions: 3"})).ready();
  db().insert("items", R"({"_id":1,"n":0})");
  const std::string letters = "dead_letters";
  ASSERT_TRUE(soon([&] { return state().count(letters) == 1; })) << worker().story();
  const std::string why = state().find_one(letters)->text("error.message");
  EXPECT_NE(why.find("'1'"), std::string::npos) << why;
}

}  // namespace
}  // namespace sluice::test
