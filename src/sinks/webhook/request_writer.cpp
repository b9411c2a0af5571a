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
  std::vector<Place> places;
  places.reserve(round.size());
  for (const Parcel& parcel : round) {
    const auto body = plan.together == 1 ? body_of(plan, parcel.front()) : list_of(plan, parcel);
    if (!body) return unwritable_;
    places.push_back(append(plan, secret, parcel, *body));
  }
  requests_.clear();
  const std::string_view all = texts_;
  for (std::size_t n = 0; n < round.size(); ++n) {
    const DeliverWrite& write = delivery(batch_, round[n].front());
    const Place& place = places[n];
    requests_.push_back({write.message->verb, write.message->address,
                         all.substr(place.headers, place.body - place.headers),
                         all.substr(place.body, place.end - place.body), write.key});
  }
  return std::nullopt;
}

std::optional<std::string_view> RequestWriter::body_of(const WebhookPlan& plan, std::size_t i) {
  const Message& message = *delivery(batch_, i).message;
  auto failure = bson::JsonFailure::none;
  const auto body = message.payload ? payload_of(message, plan.format, json_, &failure) : message.text;
  if (!body) {
    unwritable_ = Unwritable{i, Error{ErrorKind::own_fault, payload_impossible,
                                      std::string(bson::reason_of(failure)) +
                                          "; exclude that part with the rule's 'redact' or 'project'"}};
  }
  return body;
}

/// The body of a request with several messages: a list of {id, body}. By the ids the receiver recognises
/// duplicates.
std::optional<std::string_view> RequestWriter::list_of(const WebhookPlan& plan, const Parcel& parcel) {
  list_ = "[";
  for (const std::size_t i : parcel) {
    const auto body = body_of(plan, i);
    if (!body) return std::nullopt;
    list_ += list_.size() > 1 ? ",{\"id\":" : "{\"id\":";
    text::append_json(list_, delivery(batch_, i).message->id, text::JsonEscape::keep_invalid);
    list_.append(",\"body\":").append(*body) += '}';
  }
  list_ += ']';
  return list_;
}

RequestWriter::Place RequestWriter::append(const WebhookPlan& plan, const std::string& secret,
                                           const Parcel& parcel, std::string_view body) {
  Place place{texts_.size(), 0, 0};
  const std::string_view headers = delivery(batch_, parcel.front()).message->headers;
  if (plan.together == 1) {
    texts_.append(headers);
  } else {
    // Replaces the first line, which is the Idempotency-Key of the first message.
    texts_.append("Idempotency-Key: ").append(key_of(parcel)).append(headers.substr(headers.find('\n')));
  }
  if (!secret.empty()) {
    texts_.append("\nSluice-Signature: ").append(webhook::sign(secret, std::time(nullptr), body));
  }
  place.body = texts_.size();
  texts_.append(body);
  place.end = texts_.size();
  return place;
}

/// The Idempotency-Key of a request with several messages: equal for the same messages in the same order.
std::string RequestWriter::key_of(const Parcel& parcel) const {
  std::uint64_t hash = parcel.size();
  for (const std::size_t i : parcel) hash = bson::stable_hash(delivery(batch_, i).message->id, hash);
  return text::hex(hash) + "-" + std::to_string(parcel.size());
}

}  // namespace sluice::sinks
