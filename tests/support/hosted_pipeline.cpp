#include "support/hosted_pipeline.hpp"

#include <utility>

#include "support/process.hpp"
#include "workbench/eventually.hpp"

#include <boost/asio/co_spawn.hpp>

namespace sluice::test {

std::string handler_program_path() {
  return SLUICE_HANDLER_PROGRAM;
}

HostedPipeline::HostedPipeline(Config config, int threads)
    : work_(boost::asio::make_work_guard(io_)), end_(ended_.get_future()) {
  PipelineOptions options;
  options.log = [this](LogLevel level, std::string_view line) {
    const std::lock_guard lock(mutex_);
    log_.append(name_of(level)).append(" ").append(line).append("\n");
  };
  options.on_ready = [this] { ready_ = true; };
  pipeline_.emplace(io_, std::move(config), std::move(options));
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { io_.run(); });
}

HostedPipeline::~HostedPipeline() {
  stop_.request_stop();
  pipeline_.reset();
  work_.reset();
  io_.stop();
}

void HostedPipeline::start() {
  boost::asio::co_spawn(io_, pipeline_->run(stop_.get_token()),
                        [this](const std::exception_ptr& thrown, RunResult result) {
                          over_ = true;
                          if (thrown) {
                            ended_.set_exception(thrown);
                          } else {
                            ended_.set_value(std::move(result));
                          }
                        });
}

bool HostedPipeline::ready() {
  start();
  return workbench::eventually(patience(std::chrono::seconds(20)), [this] { return ready_ || over_; }) &&
         !over_;
}

RunResult HostedPipeline::wait() {
  return end_.get();
}

RunResult HostedPipeline::stop() {
  stop_.request_stop();
  return wait();
}

bool HostedPipeline::logged(const std::string& text) const {
  return log().find(text) != std::string::npos;
}

std::string HostedPipeline::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

}  // namespace sluice::test
