#include "workload.hpp"

#include <stdexcept>

namespace storm {

std::unique_ptr<Workload> make_workload(std::string_view name, const Sizes& sizes) {
  if (name == "users") return make_users(sizes);
  if (name == "favourites") return make_favourites(sizes);
  if (name == "tags") return make_tags(sizes);
  if (name == "mixed") return make_mixed(sizes);
  if (name == "bare") return make_bare(sizes);
  throw std::runtime_error("no scenario is called " + std::string(name));
}

void write_all(const Workload& workload, const Client& client, const std::string& database) {
  for (std::size_t step = 0; step < workload.steps(); ++step) workload.write(client, database, step);
}

}  // namespace storm
