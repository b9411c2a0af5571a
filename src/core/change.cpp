#include "sluice/change.hpp"

#include "core/change_body.hpp"

namespace sluice {

Change::Body::Body(bson::View document, std::string_view idempotency_key, int attempt)
    : bytes(document.data(), document.data() + document.size()), key(idempotency_key), attempt(attempt) {
  parse_event({bytes.data(), bytes.size()}, event);
}

Change::Change(std::shared_ptr<const Body> body) : body_(std::move(body)) {}

Operation Change::operation() const {
  return body_->event.operation;
}

std::string_view Change::database() const {
  return body_->event.database;
}

std::string_view Change::collection() const {
  return body_->event.collection;
}

bson::Value Change::id() const {
  return body_->event.id;
}

bson::View Change::key() const {
  return body_->event.document.at("documentKey").document();
}

bson::View Change::before() const {
  return body_->event.before;
}

bson::View Change::after() const {
  return body_->event.full_document;
}

bson::View Change::updated() const {
  return body_->event.update.updated;
}

bson::View Change::removed() const {
  return body_->event.update.removed;
}

bson::View Change::truncated() const {
  return body_->event.update.truncated;
}

bool Change::touches(std::string_view path) const {
  return operation() != Operation::update || body_->event.update.touches(path);
}

std::optional<bson::Value> Change::value_after(std::string_view path) const {
  // Only the pre-image has the value of a field that the update leaves unchanged.
  const bool unseen = operation() == Operation::update && !before() && !touches(path);
  if (unseen) return std::nullopt;
  return sluice::value_after(body_->event, path, body_->arena);
}

std::string_view Change::idempotency_key() const {
  return body_->key;
}

bson::View Change::resume_token() const {
  return body_->event.token;
}

ClusterTime Change::cluster_time() const {
  const std::uint64_t time = body_->event.cluster_time;
  return {static_cast<std::uint32_t>(time >> 32), static_cast<std::uint32_t>(time)};
}

std::chrono::system_clock::time_point Change::wall_time() const {
  return std::chrono::system_clock::time_point(std::chrono::milliseconds(body_->event.wall_time_ms));
}

int Change::attempt() const {
  return body_->attempt;
}

bool Change::complete() const {
  return body_->event.detail == Detail::whole;
}

bson::View Change::event() const {
  return body_->event.document;
}

}  // namespace sluice
