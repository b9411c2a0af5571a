#pragma once

#include <hiredis/hiredis.h>

#include <memory>

#include "bson/destroyer.hpp"

/// Owning pointers for all handles of hiredis.
namespace sluice::sinks::redis {

using Context = std::unique_ptr<redisContext, Destroyer<redisFree>>;
using Reply = std::unique_ptr<redisReply, Destroyer<freeReplyObject>>;

}  // namespace sluice::sinks::redis
