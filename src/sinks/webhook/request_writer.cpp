#include "sinks/webhook/request_writer.hpp"

#include <ctime>

#include "sinks/payload.hpp"
#include "sinks/webhook/signature.hpp"
#include "text/hex.hpp"
#include "text/json.hpp"

namespace sluice::sinks {

namespace {

constexpr std::int32_t payload_impossible = 2;

}  // namespace

std::optional<RequestWriter::Unwritable> RequestWriter::compose(const WebhookPlan& plan,
                                                                const std::string& secret,
                                                                const flow::RequestBatcher::Round& round) {
  texts_.clear();
  reserve(round);
  std::vector<std::pair<Part, Part>> parts;
  parts.reserve(round.size());
  for (const Parcel& parcel : round) {
    const auto body = body_of(plan, parcel);
    if (!body) return unwritable_;
    parts.emplace_back(headers_of(plan, secret, parcel, *body), *body);
  }
  requests_.clear();
  for (std::size_t n = 0; n < round.size(); ++n) {
    const DeliverWrite& write = delivery(batch_, round[n].front());
    const auto& [headers, body] = parts[n];
    requests_.push_back(
        {write.message->verb, write.message->address, headers.in(texts_), body.in(texts_), write.key});
  }
  return std::nullopt;
}

/// Makes room for about what the documents need as JSON, so that a large batch is not copied as it grows.
void RequestWriter::reserve(const flow::RequestBatcher::Round& round) {
  std::size_t bytes = 0;
  for (const Parcel& parcel : round) {
    for (const std::size_t i : parcel) bytes += delivery(batch_, i).message->payload.size();
  }
  texts_.reserve(bytes);
}

std::optional<RequestWriter::Part> RequestWriter::body_of(const WebhookPlan& plan, const Parcel& parcel) {
  const Message& first = *delivery(batch_, parcel.front()).message;
  if (plan.together == 1 && !first.payload) return Part{first.text};
  const std::size_t begin = texts_.size();
  const bool written = plan.together == 1 ? append_body(plan, parcel.front()) : append_list(plan, parcel);
  if (!written) return std::nullopt;
  return Part{{}, begin, texts_.size() - begin};
}

bool RequestWriter::append_body(const WebhookPlan& plan, std::size_t i) {
  const Message& message = *delivery(batch_, i).message;
  if (!message.payload) {
    texts_.append(message.text);
    return true;
  }
  const auto failure = append_payload(texts_, message, plan.format);
  if (failure == bson::JsonFailure::none) return true;
  unwritable_ = Unwritable{i, Error{ErrorKind::own_fault, payload_impossible,
                                    std::string(bson::reason_of(failure)) +
                                        "; exclude that part with the rule's 'redact' or 'project'"}};
  return false;
}

/// The body of a request with several messages: a list of {id, body}. By the ids the receiver recognises
/// duplicates.
bool RequestWriter::append_list(const WebhookPlan& plan, const Parcel& parcel) {
  const char* before = "[{\"id\":";
  for (const std::size_t i : parcel) {
    texts_ += before;
    before = ",{\"id\":";
    text::append_json(texts_, delivery(batch_, i).message->id, text::JsonEscape::keep_invalid);
    texts_ += ",\"body\":";
    if (!append_body(plan, i)) return false;
    texts_ += '}';
  }
  texts_ += ']';
  return true;
}

RequestWriter::Part RequestWriter::headers_of(const WebhookPlan& plan, const std::string& secret,
                                              const Parcel& parcel, const Part& body) {
  const std::string_view stated = delivery(batch_, parcel.front()).message->headers;
  if (plan.together == 1 && secret.empty()) return {stated};
  const std::size_t begin = texts_.size();
  if (plan.together == 1) {
    texts_.append(stated);
  } else {
    // Replaces the first line, which is the Idempotency-Key of the first message.
    texts_.append("Idempotency-Key: ").append(key_of(parcel)).append(stated.substr(stated.find('\n')));
  }
  if (!secret.empty()) {
    const std::string signature = webhook::sign(secret, std::time(nullptr), body.in(texts_));
    texts_.append("\nSluice-Signature: ").append(signature);
  }
  return {{}, begin, texts_.size() - begin};
}

/// The Idempotency-Key of a request with several messages: equal for the same messages in the same order.
std::string RequestWriter::key_of(const Parcel& parcel) const {
  std::uint64_t hash = parcel.size();
  for (const std::size_t i : parcel) hash = bson::stable_hash(delivery(batch_, i).message->id, hash);
  return text::hex(hash) + "-" + std::to_string(parcel.size());
}

}  // namespace sluice::sinks
