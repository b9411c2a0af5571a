#include "workbench/nats.hpp"

namespace workbench {

namespace {

constexpr std::int64_t patience_ms = 10'000;

void check(natsStatus status, const char* doing) {
  if (status != NATS_OK) throw NatsError(doing, status);
}

}  // namespace

Nats::Nats(const std::string& url, const Login& login) {
  natsOptions* made = nullptr;
  check(natsOptions_Create(&made), "options");
  const Options options(made);
  check(natsOptions_SetURL(made, url.c_str()), "url");
  if (!login.user.empty()) {
    check(natsOptions_SetUserInfo(made, login.user.c_str(), login.password.c_str()), "login");
  }
  if (!login.ca_file.empty()) {
    check(natsOptions_SetSecure(made, true), "tls");
    check(natsOptions_LoadCATrustedCertificates(made, login.ca_file.c_str()), "certificates");
  }
  natsConnection* handle = nullptr;
  check(natsConnection_Connect(&handle, made), "connect");
  connection_.reset(handle);
}

Document Nats::api(const std::string& verb, const std::string& json) {
  natsMsg* reply = nullptr;
  check(natsConnection_RequestString(&reply, connection_.get(), ("$JS.API." + verb).c_str(), json.c_str(),
                                     patience_ms),
        verb.c_str());
  const Message owned(reply);
  return Document(
      std::string(natsMsg_GetData(reply), static_cast<std::size_t>(natsMsg_GetDataLength(reply))));
}

void Nats::add_stream(const std::string& name, const std::string& subject, const std::string& settings) {
  const Document answer = api(
      "STREAM.CREATE." + name,
      R"({"name":")" + name + R"(","subjects":[")" + subject +
          R"("],"storage":"file","retention":"limits","num_replicas":1,"max_consumers":-1,"max_msgs":-1,"max_bytes":-1)" +
          settings + "}");
  if (answer.has("error")) throw std::runtime_error("the stream was not made: " + answer.json());
}

std::int64_t Nats::purge(const std::string& stream) {
  return api("STREAM.PURGE." + stream).integer("purged");
}

void Nats::remove(const std::string& stream) {
  api("STREAM.DELETE." + stream);
}

bool Nats::has(const std::string& stream) {
  return !api("STREAM.INFO." + stream).has("error");
}

std::int64_t Nats::count(const std::string& stream) {
  const Document info = api("STREAM.INFO." + stream);
  return info.has("error") ? 0 : info.integer("state.messages");
}

NatsMessage Nats::copy(natsMsg* message) {
  NatsMessage result;
  result.sequence = natsMsg_GetSequence(message);
  result.subject = natsMsg_GetSubject(message);
  result.data.assign(natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message)));
  const char** keys = nullptr;
  int count = 0;
  if (natsMsgHeader_Keys(message, &keys, &count) != NATS_OK) return result;
  for (int i = 0; i < count; ++i) {
    const char* value = nullptr;
    if (natsMsgHeader_Get(message, keys[i], &value) == NATS_OK) result.headers[keys[i]] = value;
  }
  std::free(keys);  // the caller owns the array, the message its strings
  return result;
}

bool Nats::publish(const std::string& subject, const std::string& data, const std::string& id) {
  jsCtx* context = nullptr;
  check(natsConnection_JetStream(&context, connection_.get(), nullptr), "JetStream");
  const Context owned(context);
  jsPubOptions options;
  check(jsPubOptions_Init(&options), "options");
  options.MsgId = id.c_str();
  jsPubAck* ack = nullptr;
  check(js_Publish(&ack, context, subject.c_str(), data.data(), static_cast<int>(data.size()), &options,
                   nullptr),
        "publish");
  const bool duplicate = ack->Duplicate;
  jsPubAck_Destroy(ack);
  return duplicate;
}

std::vector<NatsMessage> Nats::read(const std::string& stream) {
  std::vector<NatsMessage> all;
  const Document info = api("STREAM.INFO." + stream);
  if (info.has("error")) return all;
  jsCtx* context = nullptr;
  check(natsConnection_JetStream(&context, connection_.get(), nullptr), "JetStream");
  const Context owned(context);
  const auto last = static_cast<std::uint64_t>(info.integer("state.last_seq"));
  for (auto at = static_cast<std::uint64_t>(info.integer("state.first_seq")); at <= last && at > 0; ++at) {
    natsMsg* message = nullptr;
    jsErrCode code{};
    const natsStatus status = js_GetMsg(&message, context, stream.c_str(), at, nullptr, &code);
    if (code == JSNoMessageFoundErr) continue;  // deleted
    check(status, "read");
    const Message held(message);
    all.push_back(copy(message));
  }
  return all;
}

}  // namespace workbench
