#include "support/moto_server.hpp"

#include <csignal>
#include <cstdio>
#include <stdexcept>

#include "workbench/eventually.hpp"
#include "workbench/http_post.hpp"

namespace sluice::test {

using workbench::Document;
using workbench::HttpReply;

namespace {

/// The folder for PYTHONPATH: SLUICE_MOTO, which tools/test sets, or else the output of tools/moto.
const std::string& moto_folder() {
  static const std::string folder = tool_output("SLUICE_MOTO", "moto");
  return folder;
}

std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const auto found = text.find(before);
  if (found == std::string::npos) throw std::runtime_error("moto: no " + before + " in " + text);
  const auto begin = found + before.size();
  return text.substr(begin, text.find(after, begin) - begin);
}

std::string encoded(const std::string& text) {
  std::string out;
  char piece[4];
  for (const unsigned char c : text) {
    std::snprintf(piece, sizeof piece, "%%%02X", c);
    out += piece;
  }
  return out;
}

const std::string of_account = std::string(MotoServer::region) + ":123456789012:";

bool is_fifo(const std::string& name) {
  return name.ends_with(".fifo");
}

/// What is in a list of documents, of whatever length.
template <typename Each>
void each_of(const Document& document, const std::string& list, const Each& each) {
  for (int i = 0;; ++i) {
    const std::string path = list + "." + std::to_string(i);
    if (!document.has(path)) return;
    each(document.child(path));
  }
}

}  // namespace

const std::string& why_no_moto() {
  static const std::string why = moto_folder().empty() ? "moto could not be fetched: see tools/moto" : "";
  return why;
}

MotoServer::MotoServer(bool behind_proxy) {
  if (!why_no_moto().empty()) throw std::runtime_error(why_no_moto());
  if (behind_proxy) proxy_ = std::make_unique<workbench::TcpProxy>(port_.number());
  start();
}

void MotoServer::start() {
  const auto log = folder_.path() / "moto.log";
  process_ = std::make_unique<Process>(Process::Options{
      .command = {find_program("python3"), "-m", "moto.server", "-H", "127.0.0.1", "-p", port_.text()},
      .environment = {{"PYTHONPATH", moto_folder()}, {"HOME", folder_.path().string()}},
      .out = log,
      .err = log});
  const bool listening = workbench::eventually(patience(std::chrono::seconds(60)), [this] {
    return process_->exit_code() || workbench::http_get(port_.number(), "/moto-api/").status == 200;
  });
  if (!listening || process_->exit_code()) throw std::runtime_error("moto did not start: " + read_file(log));
}

std::string MotoServer::url() const {
  return "http://" + (proxy_ ? proxy_->host() : "127.0.0.1:" + port_.text());
}

void MotoServer::stop() const {
  process_->signal(SIGSTOP);
}
void MotoServer::cont() const {
  process_->signal(SIGCONT);
}

/// moto finds the service and the region in the credential's scope.
HttpReply MotoServer::post(const std::string& service, const std::string& headers,
                           const std::string& body) const {
  const std::string scope = "test/20260101/" + std::string(region) + "/" + service + "/aws4_request";
  HttpReply reply = workbench::http_post(port_.number(), "/",
                                         headers + "Authorization: AWS4-HMAC-SHA256 Credential=" + scope +
                                             ", SignedHeaders=host, Signature=0\r\n",
                                         body);
  if (reply.status / 100 != 2)
    throw std::runtime_error("moto: " + std::to_string(reply.status) + " " + reply.body + " to " + body);
  return reply;
}

Document MotoServer::sqs(const std::string& action, const std::string& json) const {
  const HttpReply reply = post(
      "sqs", "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: AmazonSQS." + action + "\r\n", json);
  return reply.body.empty() ? "{}" : reply.body;
}

Document MotoServer::events(const std::string& action, const std::string& json) const {
  return post("events",
              "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: AWSEvents." + action + "\r\n", json)
      .body;
}

std::string MotoServer::query(const std::string& service, const std::string& form) const {
  return post(service, "Content-Type: application/x-www-form-urlencoded\r\n", form).body;
}

std::string MotoServer::create_queue(const std::string& name, const std::string& attributes) {
  std::string all = attributes;
  if (is_fifo(name)) all += std::string(all.empty() ? "" : ",") + R"("FifoQueue":"true")";
  return sqs("CreateQueue", "{\"QueueName\":" + workbench::quoted(name) + ",\"Attributes\":{" + all + "}}")
      .text("QueueUrl");
}

void MotoServer::delete_queue(const std::string& name) {
  sqs("DeleteQueue", "{\"QueueUrl\":" + workbench::quoted("http://127.0.0.1/123456789012/" + name) + "}");
}

/// Appends up to ten messages of the queue, and deletes them. Returns false if there is none.
bool MotoServer::take_some(const std::string& queue, std::vector<QueueMessage>& all) const {
  const std::string url = "\"QueueUrl\":" + workbench::quoted("http://127.0.0.1/123456789012/" + queue);
  const Document received = sqs(
      "ReceiveMessage",
      "{" + url + R"(,"MaxNumberOfMessages":10,"AttributeNames":["All"],"MessageAttributeNames":["All"]})");
  std::string handles;
  each_of(received, "Messages", [&](const Document& one) {
    QueueMessage& message = all.emplace_back();
    message.body = one.text("Body");
    message.group = one.text("Attributes.MessageGroupId");
    message.id = one.text("Attributes.MessageDeduplicationId");
    for (const char* name :
         {"Sluice-Operation", "Sluice-Namespace", "Sluice-Cluster-Time", "Sluice-Message-Id"}) {
      const std::string path = "MessageAttributes." + std::string(name) + ".StringValue";
      if (one.has(path)) message.attributes[name] = one.text(path);
    }
    handles += std::string(handles.empty() ? "" : ",") + "{\"Id\":\"" + std::to_string(all.size()) +
               "\",\"ReceiptHandle\":" + workbench::quoted(one.text("ReceiptHandle")) + "}";
  });
  if (handles.empty()) return false;
  sqs("DeleteMessageBatch", "{" + url + ",\"Entries\":[" + handles + "]}");
  return true;
}

std::vector<QueueMessage> MotoServer::take(const std::string& queue) {
  std::vector<QueueMessage> all;
  try {
    while (take_some(queue, all)) {
    }
  } catch (const std::runtime_error&) {
    if (all.empty()) throw;
  }
  return all;
}

std::string MotoServer::create_topic(const std::string& name, const std::string& queue) {
  const std::string arn =
      between(query("sns", "Action=CreateTopic&Name=" + name +
                               "&Attributes.entry.1.key=FifoTopic&Attributes.entry.1.value=true"),
              "<TopicArn>", "<");
  query("sns", "Action=Subscribe&Protocol=sqs&TopicArn=" + encoded(arn) +
                   "&Endpoint=" + encoded("arn:aws:sqs:" + of_account + queue) +
                   "&Attributes.entry.1.key=RawMessageDelivery&Attributes.entry.1.value=true");
  return arn;
}

void MotoServer::create_bus(const std::string& name, const std::string& queue) {
  events("CreateEventBus", "{\"Name\":" + workbench::quoted(name) + "}");
  events("PutRule", "{\"Name\":\"all\",\"EventBusName\":" + workbench::quoted(name) +
                        R"(,"EventPattern":"{\"source\":[{\"prefix\":\"\"}]}"})");
  events("PutTargets", "{\"Rule\":\"all\",\"EventBusName\":" + workbench::quoted(name) +
                           R"(,"Targets":[{"Id":"1","Arn":)" +
                           workbench::quoted("arn:aws:sqs:" + of_account + queue) + "}]}");
}

MotoServer::Key MotoServer::create_user(const std::string& name, const std::string& actions) {
  query("iam", "Action=CreateUser&UserName=" + name);
  query("iam",
        "Action=PutUserPolicy&PolicyName=p&UserName=" + name + "&PolicyDocument=" +
            encoded(R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":)" +
                    workbench::quoted(actions) + "}]}"));
  const std::string key = query("iam", "Action=CreateAccessKey&UserName=" + name);
  return {between(key, "<AccessKeyId>", "<"), between(key, "<SecretAccessKey>", "<")};
}

void MotoServer::delete_key(const std::string& user, const Key& key) {
  query("iam", "Action=DeleteAccessKey&UserName=" + user + "&AccessKeyId=" + key.id);
}

void MotoServer::check_requests(bool check) {
  workbench::http_post(port_.number(), "/moto-api/reset-auth", "Content-Type: text/plain\r\n",
                       check ? "0" : "1000000000");
}

}  // namespace sluice::test
