#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch.hpp"
#include "core/webhook_plan.hpp"
#include "flow/request_batcher.hpp"
#include "sinks/http/endpoint.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks {

/// A batch's i-th write, which must be for a web service.
inline const DeliverWrite& delivery(const Batch& batch, std::size_t i) {
  return std::get<DeliverWrite>(batch.writes[i]);
}

inline const WebhookPlan& webhook_plan_of(const DeliverWrite& write) {
  return static_cast<const WebhookPlan&>(*write.plan);
}

/// Renders the requests of one batch: bodies, headers and signatures.
class RequestWriter {
 public:
  /// A message whose body cannot be rendered.
  struct Unwritable {
    std::size_t index = 0;  ///< in the batch
    Error error;
  };

  /// `texts` and `requests` are buffers that the caller reuses; the requests point into `texts` and into the
  /// batch's messages.
  RequestWriter(const Batch& batch, std::string& texts, std::vector<http::Request>& requests)
      : batch_(batch), texts_(texts), requests_(requests) {}

  /// Renders one request for each parcel of the round, and replaces those of the last round. Signs them if
  /// `secret` is not empty. If a message is returned, `requests` must not be used.
  std::optional<Unwritable> compose(const WebhookPlan& plan, const std::string& secret,
                                    const flow::RequestBatcher::Round& round);

 private:
  using Parcel = flow::RequestBatcher::Parcel;
  /// A part of a request: text that a message holds, or a place in `texts_`. The view of a place is made
  /// after all requests are rendered, since the buffer may be reallocated until then.
  struct Part {
    std::string_view held;
    std::size_t begin = 0;
    std::size_t size = 0;

    std::string_view in(std::string_view texts) const {
      return held.empty() ? texts.substr(begin, size) : held;
    }
  };

  void reserve(const flow::RequestBatcher::Round& round);
  std::optional<Part> body_of(const WebhookPlan& plan, const Parcel& parcel);
  bool append_list(const WebhookPlan& plan, const Parcel& parcel);
  bool append_body(const WebhookPlan& plan, std::size_t i);
  Part headers_of(const WebhookPlan& plan, const std::string& secret, const Parcel& parcel, const Part& body);
  std::string key_of(const Parcel& parcel) const;

  const Batch& batch_;
  std::string& texts_;
  std::vector<http::Request>& requests_;
  std::optional<Unwritable> unwritable_;
};

}  // namespace sluice::sinks
