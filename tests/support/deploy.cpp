#include "support/deploy.hpp"

namespace sluice::test {

std::string deploy_folder() {
  return SLUICE_DEPLOY;
}

}  // namespace sluice::test
