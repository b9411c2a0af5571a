#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch.hpp"
#include "core/webhook_plan.hpp"
#include "flow/request_batcher.hpp"
#include "sinks/webhook/endpoint.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks {

/// The i-th write of a batch, which must be a message to a web service.
inline const DeliverWrite& delivery(const Batch& batch, std::size_t i) {
  return std::get<DeliverWrite>(batch.writes[i]);
}

inline const WebhookPlan& webhook_plan_of(const DeliverWrite& write) {
  return static_cast<const WebhookPlan&>(*write.plan);
}

/// Writes the requests of a batch: bodies, headers and signatures.
class RequestWriter {
 public:
  /// A message whose body cannot be made.
  struct Unwritable {
    std::size_t index = 0;  ///< index in the batch
    Error error;
  };

  /// `texts` and `requests` are reused from one batch to the next; the requests are views into `texts`.
  RequestWriter(const Batch& batch, std::string& texts, std::vector<webhook::Request>& requests)
      : batch_(batch), texts_(texts), requests_(requests) {}

  /// Replaces `requests` with one request for each parcel of the round, and signs them if there is a secret.
  /// If a failed message is returned, `requests` must not be used.
  std::optional<Unwritable> compose(const WebhookPlan& plan, const std::string& secret,
                                    const flow::RequestBatcher::Round& round);

 private:
  using Parcel = flow::RequestBatcher::Parcel;
  /// Adding a text may move the others, so views are made when all are complete.
  struct Place {
    std::size_t headers;
    std::size_t body;
    std::size_t end;
  };

  std::optional<std::string_view> body_of(const WebhookPlan& plan, std::size_t i);
  std::optional<std::string_view> list_of(const WebhookPlan& plan, const Parcel& parcel);
  Place append(const WebhookPlan& plan, const std::string& secret, const Parcel& parcel,
               std::string_view body);
  std::string key_of(const Parcel& parcel) const;

  const Batch& batch_;
  std::string& texts_;
  std::vector<webhook::Request>& requests_;
  std::optional<Unwritable> unwritable_;
  std::string json_;
  std::string list_;
};

}  // namespace sluice::sinks
