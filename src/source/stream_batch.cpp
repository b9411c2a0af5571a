#include "source/stream_batch.hpp"

#include <algorithm>
#include <utility>

#include "sluice/event.hpp"
#include "source/resume_token.hpp"

namespace sluice::source {

Position end_of(const StreamBatch& batch) {
  if (batch.resume_token && batch.token_time != 0)
    return Position::of(batch.resume_token, batch.token_time, batch.token_of_event);
  if (batch.events.empty()) {
    return Position::of(batch.resume_token, time_of_token(batch.resume_token).value_or(batch.operation_time),
                        batch.token_of_event);
  }
  ChangeEvent last;
  parse_event(batch.events.back(), last);
  if (!batch.resume_token) return Position::of(last.token, last.cluster_time, true);
  const bool of_last = batch.resume_token.at("_data") == last.token.at("_data");
  return Position::of(batch.resume_token, last.cluster_time, of_last || batch.token_of_event);
}

std::unique_ptr<StreamBatch> empty_batch(const Position& at, std::uint64_t operation_time) {
  auto token = std::make_shared<const std::vector<std::uint8_t>>(at.token);
  auto batch = std::make_unique<StreamBatch>();
  batch->resume_token = {token->data(), token->size()};
  batch->token_of_event = at.at_event;
  batch->token_time = at.cluster_time;
  batch->operation_time = std::max(operation_time, at.cluster_time);
  batch->owner = std::move(token);
  return batch;
}

bool ends_in_invalidate(const StreamBatch& batch) {
  return !batch.events.empty() && batch.events.back().at("operationType").text() == "invalidate";
}

}  // namespace sluice::source
