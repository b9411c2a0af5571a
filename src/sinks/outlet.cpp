#include "sinks/outlet.hpp"

#include "sinks/jetstream.hpp"

namespace sluice::sinks {

std::vector<std::unique_ptr<Outlet>> make_outlets(const OutletParts& parts) {
  std::vector<std::unique_ptr<Outlet>> outlets;
  if (!parts.publications.empty()) outlets.push_back(std::make_unique<JetStream>(parts));
  return outlets;
}

}  // namespace sluice::sinks
