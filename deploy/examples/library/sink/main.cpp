// A worker with a sink of its own, `file`: it appends each change to a file as a line of JSON, and leaves out
// changes that it finds in the file already. It also counts them in a metric.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/program.hpp>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>

namespace {

using sluice::SinkMessage;
using sluice::SinkResult;

std::atomic<std::int64_t> lines_written = 0;

/// One process may write to a file at a time.
class FileSink final : public sluice::Sink {
 public:
  explicit FileSink(const sluice::SinkContext& context)
      : path_(context.settings.text("path")),
        sync_(context.settings.boolean("sync")),
        remembered_(static_cast<std::size_t>(context.settings.integer("remembered"))) {
    if (!path_.starts_with('/')) context.settings.fail("path", "'path' must begin with a slash");
  }
  ~FileSink() override {
    if (file_ >= 0) ::close(file_);
  }

  std::string target() const override { return "file " + path_; }

  SinkResult open(std::stop_token) override {
    const std::lock_guard lock(mutex_);
    if (file_ < 0) file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file_ < 0) return failed("cannot be opened");
    return read_back() ? SinkResult::done() : failed("cannot be read back");
  }

  SinkResult send(std::span<const SinkMessage> messages, std::stop_token) override {
    const std::lock_guard lock(mutex_);  // several threads may send at once
    std::string lines;
    std::int64_t count = 0;
    for (const SinkMessage& message : messages) {
      if (known_.contains(std::string(message.id))) continue;
      append_line(lines, message);
      ++count;
    }
    if (!append(lines)) return failed("cannot be written");
    for (const SinkMessage& message : messages) remember(std::string(message.id));
    lines_written += count;
    return SinkResult::done();
  }

 private:
  static constexpr std::string_view line_start = R"({"id":")";

  /// The library tries again, and /readyz says why it has to.
  static SinkResult failed(const std::string& what) {
    return SinkResult::retry(0, what + ": " + std::strerror(errno));
  }

  static void append_line(std::string& out, const SinkMessage& message) {
    out.append(line_start).append(message.id);
    out.append(R"(","operation":")").append(name_of(message.operation));
    out.append(R"(","namespace":")").append(message.database).append(".").append(message.collection);
    out.append(R"(","payload":)").append(message.payload.json()).append("}\n");
  }

  /// Learns the ids in the file. A process that died while it wrote may have left half a line at the end,
  /// which is cut off: its message comes again.
  bool read_back() {
    std::ifstream in(path_);
    off_t whole = 0;
    for (std::string line; std::getline(in, line) && !in.eof();
         whole += static_cast<off_t>(line.size()) + 1) {
      if (!line.starts_with(line_start)) continue;
      const auto end = line.find('"', line_start.size());
      remember(line.substr(line_start.size(), end - line_start.size()));
    }
    return ::ftruncate(file_, whole) == 0;
  }

  void remember(std::string id) {
    if (!known_.insert(id).second) return;
    order_.push_back(std::move(id));
    if (order_.size() <= remembered_) return;
    known_.erase(order_.front());
    order_.pop_front();
  }

  /// Appends everything or nothing: after a full disk the lines come again.
  bool append(const std::string& lines) {
    struct stat before {};
    if (::fstat(file_, &before) != 0) return false;
    std::size_t written = 0;
    while (written < lines.size()) {
      const ssize_t count = ::write(file_, lines.data() + written, lines.size() - written);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) break;
      written += static_cast<std::size_t>(count);
    }
    if (written == lines.size() && (!sync_ || ::fdatasync(file_) == 0)) return true;
    const int why = errno;
    const bool undone = ::ftruncate(file_, before.st_size) == 0;
    if (undone) errno = why;
    return false;
  }

  const std::string path_;
  const bool sync_;
  const std::size_t remembered_;
  std::mutex mutex_;
  int file_ = -1;
  std::deque<std::string> order_;  ///< of the ids in known_, oldest first
  std::unordered_set<std::string> known_;
};

}  // namespace

int main(int argc, char** argv) {
  using sluice::SettingType;
  sluice::Extensions extensions;
  extensions.add_sink(
      "file",
      {.summary = "Appends each change to a file, as a line of JSON.",
       .settings = {{.name = "path", .help = "The file. It is created if it does not exist."},
                    {.name = "sync",
                     .type = SettingType::boolean,
                     .help = "Wait for the disk after each batch.",
                     .fallback = "true"},
                    {.name = "remembered",
                     .type = SettingType::integer,
                     .help = "Repetitions of this many last changes are recognised.",
                     .fallback = "100000",
                     .least = 1,
                     .most = 10'000'000}},
       .make = [](const sluice::SinkContext& context) { return std::make_unique<FileSink>(context); }});
  extensions.add_metrics([] {
    return "# HELP file_lines_total Lines that were appended to files.\n"
           "# TYPE file_lines_total counter\n"
           "file_lines_total " +
           std::to_string(lines_written) + "\n";
  });
  return sluice::run_program(argc, argv, std::move(extensions));
}
