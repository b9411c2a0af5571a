#include "stage.hpp"

#include "data.hpp"

namespace storm {

Stage::Stage(const Server& server, const Options& options, const std::string& scenario, const Sizes& sizes)
    : server_(server),
      scenario_(scenario),
      folder_(options.server.data_parent),
      workload_(make_workload(scenario, sizes)),
      client_(server.client()) {
  for (const std::string& name : {database_, rival_, std::string("sluice")}) drop(client_, name);
  for (const std::string& name : {database_, rival_}) workload_->load(client_, name);
  worker_ = {.sluice = options.sluice,
             .flags = options.worker_flags,
             .folder = folder_.path(),
             .uri = server.uri(),
             .database = database_,
             .rules = workload_->rules(),
             .pipeline = "storm-" + scenario};
  shape_ = observe_stream(server, worker_);
}

Moment Stage::write_backlog() {
  workload_->plan(next_round());
  const Moment before = now(client_);
  write_all(*workload_, client_, database_);
  return before;
}

Run Stage::drain_backlog() {
  Run run = measure_backlog(server_, worker_, *workload_);
  workload_->verify(client_, database_);
  return run;
}

Run Stage::live(const Sizes& sizes, double rate) {
  const std::unique_ptr<Workload> workload = make_workload(scenario_, sizes);
  workload->plan(next_round());
  Run run = measure_live(server_, worker_, *workload, rate);
  workload->verify(client_, database_);
  return run;
}

}  // namespace storm
