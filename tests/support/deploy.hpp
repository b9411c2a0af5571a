#pragma once

#include <string>

namespace sluice::test {

/// The folder deploy/ of this source tree.
std::string deploy_folder();

}  // namespace sluice::test
