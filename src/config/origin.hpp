#pragma once

#include "config/addresses/url_origin.hpp"  // its new place
