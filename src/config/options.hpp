#pragma once

#include "config/options/options.hpp"  // its new place
