#pragma once

#include <hiredis/hiredis.h>

#include <memory>

#include "bson/destroyer.hpp"

/// Owning types for all hiredis handles. Handles are destroyed nowhere else.
namespace sluice::sinks::redis {

using Context = std::unique_ptr<redisContext, Destroyer<redisFree>>;
using Reply = std::unique_ptr<redisReply, Destroyer<freeReplyObject>>;

}  // namespace sluice::sinks::redis
