#pragma once

#include "config/yaml/yaml_tree.hpp"  // its new place
