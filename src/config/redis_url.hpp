#pragma once

#include "config/addresses/redis_url.hpp"  // its new place
