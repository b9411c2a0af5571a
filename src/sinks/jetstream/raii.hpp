#pragma once

#include <nats/nats.h>

#include <memory>

#include "bson/destroyer.hpp"

/// Owning types for all libnats handles. Handles are destroyed nowhere else. Use a SubscriptionHandle only
/// through Subscription (connection.hpp), which knows when it may be destroyed.
namespace sluice::sinks::jetstream {

using ConnectionOptions = std::unique_ptr<natsOptions, Destroyer<natsOptions_Destroy>>;
using ConnectionHandle = std::unique_ptr<natsConnection, Destroyer<natsConnection_Destroy>>;
using SubscriptionHandle = std::unique_ptr<natsSubscription, Destroyer<natsSubscription_Destroy>>;
using Msg = std::unique_ptr<natsMsg, Destroyer<natsMsg_Destroy>>;
using Inbox = std::unique_ptr<natsInbox, Destroyer<natsInbox_Destroy>>;
using JetStreamContext = std::unique_ptr<jsCtx, Destroyer<jsCtx_Destroy>>;
using StreamInfo = std::unique_ptr<jsStreamInfo, Destroyer<jsStreamInfo_Destroy>>;

}  // namespace sluice::sinks::jetstream
