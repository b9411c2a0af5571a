#include "workbench/redis.hpp"

#include <sys/time.h>

namespace workbench {

namespace {

constexpr timeval patience{10, 0};

std::string text_of(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_INTEGER) return std::to_string(reply.integer);
  return {reply.str, reply.len};
}

}  // namespace

Redis::Redis(int port, const std::string& password)
    : context_(redisConnectWithTimeout("127.0.0.1", port, patience)) {
  if (!context_ || context_->err != 0) throw RedisError(context_ ? context_->errstr : "no memory");
  redisSetTimeout(context_.get(), patience);
  if (!password.empty()) command({"AUTH", password});
}

Redis::Reply Redis::ask(const std::vector<std::string>& words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  Reply reply(static_cast<redisReply*>(
      redisCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(), sizes.data())));
  if (!reply) throw RedisError(words.front() + ": " + context_->errstr);
  if (reply->type == REDIS_REPLY_ERROR) throw RedisError(words.front() + ": " + text_of(*reply));
  return reply;
}

std::optional<std::string> Redis::command(const std::vector<std::string>& words) {
  const Reply reply = ask(words);
  if (reply->type == REDIS_REPLY_NIL) return std::nullopt;
  if (reply->type == REDIS_REPLY_ARRAY) throw RedisError(words.front() + ": answered by a list");
  return text_of(*reply);
}

std::map<std::string, std::string> Redis::all(const std::string& start) {
  std::map<std::string, std::string> found;
  const Reply keys = ask({"KEYS", start + "*"});
  for (std::size_t i = 0; i < keys->elements; ++i) {
    const std::string key = text_of(*keys->element[i]);
    if (auto value = get(key)) found[key] = *std::move(value);
  }
  return found;
}

}  // namespace workbench
