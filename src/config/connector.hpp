#pragma once

#include "config/connector/connector.hpp"  // its new place
