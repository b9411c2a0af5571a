#include "report.hpp"

#include <spdlog/fmt/fmt.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>

namespace storm {
namespace {

std::string today() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

Json json_of(const Sample& s) {
  return Json::object()
      .set("t", s.seconds)
      .set("read", s.read)
      .set("resolved", s.resolved)
      .set("in_flight", s.in_flight)
      .set("rss_mb", s.rss_mb)
      .set("lag_p50", s.lag_p50)
      .set("lag_p99", s.lag_p99)
      .set("lag_max", s.lag_max);
}

}  // namespace

Spread spread(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {median, values.front(), values.back()};
}

double quantile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1) + 0.5)];
}

Json json_of(const Spread& s) {
  return Json::object().set("median", s.median).set("least", s.least).set("most", s.most);
}

Json json_of(const Histogram& h) {
  return Json::object()
      .set("count", h.count)
      .set("mean", h.mean())
      .set("p50", h.percentile(0.5))
      .set("p99", h.percentile(0.99))
      .set("max_at_most", h.max_bound());
}

Json heading(const Options& options, const Server& server) {
  Json versions = Json::object();
  versions.set("mongod", server.version()).set("libmongoc", MONGOC_VERSION_S).set("compiler", __VERSION__);
  return Json::object()
      .set("command", options.command_line)
      .set("date", today())
      .set("nproc", std::thread::hardware_concurrency())
      .set("processor", processor())
      .set("versions", versions)
      .set("cache_gb", options.server.cache_gb)
      .set("rounds", options.rounds)
      .set("seed", options.sizes.seed);
}

Json json_of(const Run& run) {
  Json samples = Json::list();
  for (const Sample& sample : run.samples) samples.add(json_of(sample));
  return Json::object()
      .set("seconds", run.seconds)
      .set("events", run.events)
      .set("events_per_second", run.events_per_second())
      .set("documents_written", run.documents)
      .set("effects", run.effects)
      .set("lag_seconds", json_of(run.lag))
      .set("batch_documents", json_of(run.batch_documents))
      .set("batch_events", json_of(run.batch_events))
      .set("batch_seconds", json_of(run.batch_seconds))
      .set("retries", run.retries)
      .set("peak_rss_mb", run.peak_rss_mb)
      .set("worker_cpu_seconds", run.worker_cpu)
      .set("mongod_cpu_seconds", run.server_cpu)
      .set("samples", samples);
}

std::string save(const Options& options, const std::string& default_name, const Json& json) {
  std::filesystem::create_directories(options.results);
  const std::string name = options.name.empty() ? default_name : options.name;
  const std::string path = options.results + "/" + name + ".json";
  std::ofstream out(path);
  out << json.text() << "\n";
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
  return path;
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i)
      out += i == 0 ? fmt::format("  {:<{}}", row[i], widths[i]) : fmt::format("  {:>{}}", row[i], widths[i]);
    out += "\n";
  }
  return out;
}

std::string grouped(double value) {
  const std::string digits = fmt::format("{:.0f}", value);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const bool comma = i > 0 && (digits.size() - i) % 3 == 0 && digits[i - 1] != '-';
    if (comma) out += ',';
    out += digits[i];
  }
  return out;
}

std::string fixed(double value, int digits) {
  return fmt::format("{:.{}f}", value, digits);
}

std::string milliseconds(double seconds) {
  return fmt::format("{} ms", grouped(seconds * 1000));
}

}  // namespace storm
