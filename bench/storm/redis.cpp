#include "redis.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "update_many.hpp"

namespace storm {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Reply = std::unique_ptr<redisReply, Freed<freeReplyObject>>;

constexpr auto kStartTimeout = 30s;
constexpr auto kPoll = 20ms;

/// Waits until the server answers.
void connect_eventually(const RedisServer& server, Process& process) {
  for (const auto deadline = Clock::now() + kStartTimeout;;) {
    try {
      RedisClient(server).ask({"PING"});
      return;
    } catch (const std::runtime_error&) {
      if (!process.running())
        throw std::runtime_error(
            "redis-server ended at once: name one by --redis-server, or run tools/setup");
      if (Clock::now() > deadline) throw;
    }
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace

RedisServer::RedisServer(const std::string& program, const std::string& parent)
    : directory_(parent), port_(free_port()) {
  const std::vector<std::string> command = {program.empty() ? "redis-server" : program,
                                            "--bind",
                                            "127.0.0.1",
                                            "--port",
                                            std::to_string(port_),
                                            "--dir",
                                            directory_.path(),
                                            "--save",
                                            "",
                                            "--appendonly",
                                            "no"};
  process_ = std::make_unique<Process>(command, directory_.path() + "/redis.log");
  connect_eventually(*this, *process_);
}

RedisClient::RedisClient(const RedisServer& server) : context_(redisConnect("127.0.0.1", server.port())) {
  if (!context_ || context_->err != 0)
    throw std::runtime_error(std::string("redis-server: ") + (context_ ? context_->errstr : "no memory"));
}

void RedisClient::append(const RedisCommand& command) const {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& word : command) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  redisAppendCommandArgv(context_.get(), static_cast<int>(command.size()), texts.data(), sizes.data());
}

std::string RedisClient::answer() const {
  void* made = nullptr;
  if (redisGetReply(context_.get(), &made) != REDIS_OK)
    throw std::runtime_error(std::string("redis-server: ") + context_->errstr);
  const Reply reply(static_cast<redisReply*>(made));
  if (reply->type == REDIS_REPLY_INTEGER) return std::to_string(reply->integer);
  std::string text = reply->str == nullptr ? "" : std::string(reply->str, reply->len);
  if (reply->type == REDIS_REPLY_ERROR) throw std::runtime_error("redis-server: " + text);
  return text;
}

std::string RedisClient::ask(const RedisCommand& command) const {
  append(command);
  return answer();
}

std::string RedisClient::version() const {
  const std::string info = ask({"INFO", "server"});
  const std::string name = "redis_version:";
  const auto at = info.find(name);
  if (at == std::string::npos) return "unknown";
  return info.substr(at + name.size(), info.find('\r', at) - at - name.size());
}

double RedisClient::pipelined(const std::vector<RedisCommand>& commands, std::size_t window) const {
  const auto start = Clock::now();
  for (std::size_t from = 0; from < commands.size(); from += window) {
    const std::size_t to = std::min(commands.size(), from + window);
    for (std::size_t i = from; i < to; ++i) append(commands[i]);
    for (std::size_t i = from; i < to; ++i) answer();
  }
  return since(start);
}

}  // namespace storm
