// A worker with a rule and a sink of its own that fail when they are told to, for the tests of extensions.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "sluice/bson_builder.hpp"
#include "sluice/program.hpp"

namespace {

using sluice::DocumentPlan;
using sluice::SinkResult;

/// Writes {doubled: 2 * n} into another collection. Fails where the document says so.
class DoublesRule final : public sluice::Rule {
 public:
  explicit DoublesRule(const sluice::RuleContext& context)
      : Rule(context.name),
        subscriptions_(context.subscriptions),
        plan_{.database = context.database,
              .collection = context.settings.text("into"),
              .mode = DocumentPlan::Mode::upsert},
        other_(plan_) {
    for (auto& one : subscriptions_) one.full_document = sluice::FullDocument::look_up;
  }

  std::vector<sluice::Subscription> subscriptions() const override { return subscriptions_; }
  std::vector<const DocumentPlan*> documents() const override { return {&plan_}; }
  bool keeps_state() const override { return false; }
  std::string fingerprint() const override { return "doubles"; }

  void apply(const sluice::ChangeEvent& event, sluice::Effects& effects) const override {
    const auto key = sluice::bson::Identity(event.id).hash(1);
    sluice::bson::Builder values;
    values.append("doubled", 2 * event.full_document.at("n").integer().value_or(0));
    const auto kept = effects.arena().keep_document(values.finish());
    const bool undeclared = event.full_document.at("undeclared").boolean();
    effects.add(sluice::Put{undeclared ? &other_ : &plan_, event.id, kept}, key);
    if (event.full_document.at("throw").boolean()) throw std::runtime_error("told to");
  }

 private:
  std::vector<sluice::Subscription> subscriptions_;
  DocumentPlan plan_;
  DocumentPlan other_;
};

std::atomic<int> calls = 0;

/// Appends a line for each message: `<_id> <n> <id>`. It refuses documents with {poison: true}, and fails as
/// the first word of the file `fault` says while that is there: `retry` after half of the messages, `throw`,
/// `stop`, `hang` until it is to stop; with `lenient` it refuses nothing.
class JournalSink final : public sluice::Sink {
 public:
  JournalSink(std::string path, std::string fault) : path_(std::move(path)), fault_(std::move(fault)) {}
  ~JournalSink() override {
    if (file_ >= 0) ::close(file_);
  }

  std::string target() const override { return "journal " + path_; }

  SinkResult open(std::stop_token) override {
    if (fault() == "closed") return SinkResult::retry(0, "told to stay closed");
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    return file_ < 0 ? SinkResult::stop("no such folder") : SinkResult::done();
  }

  SinkResult send(std::span<const sluice::SinkMessage> messages, std::stop_token stop) override {
    ++calls;
    const std::string fault = this->fault();
    if (fault == "throw") throw std::runtime_error("told to");
    if (fault == "stop") return SinkResult::stop("told to stop");
    if (fault == "hang") {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, stop, [] { return false; });
      return SinkResult::retry(0, "stopping");
    }
    if (fault == "retry") {
      write(messages.first(messages.size() / 2));
      return SinkResult::retry(messages.size() / 2, "told to");
    }
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (fault == "lenient" || !document(messages[i]).at("poison").boolean()) continue;
      write(messages.first(i));
      return SinkResult::dead_letter(i, "poison", 77);
    }
    write(messages);
    return SinkResult::done();
  }

 private:
  std::string fault() const {
    std::string word;
    std::ifstream(fault_) >> word;
    return word;
  }

  static sluice::bson::View document(const sluice::SinkMessage& message) {
    const auto whole = message.payload.at("fullDocument").document();
    return whole ? whole : message.payload.at_path("updateDescription.updatedFields").document();
  }

  void write(std::span<const sluice::SinkMessage> messages) const {
    std::string lines;
    for (const auto& message : messages) {
      lines += std::to_string(message.document_id.integer().value_or(-1)) + " " +
               std::to_string(document(message).at("n").integer().value_or(-1)) + " " +
               std::string(message.id) + "\n";
    }
    if (::write(file_, lines.data(), lines.size()) < 0) throw std::runtime_error("no room");
  }

  std::string path_;
  std::string fault_;
  int file_ = -1;
  std::mutex mutex_;
  std::condition_variable_any wake_;
};

}  // namespace

int main(int argc, char** argv) {
  sluice::Extensions extensions;
  extensions.add_rule(
      "doubles",
      {.summary = "Writes the double of a number.",
       .settings = {{.name = "into", .help = "The collection that is written."},
                    {.name = "times", .type = sluice::SettingType::integer, .fallback = "2", .least = 2}},
       .make = [](const sluice::RuleContext& context) { return std::make_unique<DoublesRule>(context); }});
  extensions.add_sink("journal", {.settings = {{.name = "path"}, {.name = "fault", .fallback = ""}},
                                  .make = [](const sluice::SinkContext& context) {
                                    if (context.settings.text("path") == "-")
                                      context.settings.fail("path", "'path' cannot be standard output");
                                    return std::make_unique<JournalSink>(context.settings.text("path"),
                                                                         context.settings.text("fault"));
                                  }});
  extensions.add_metrics([] {
    return "# TYPE journal_calls_total counter\njournal_calls_total " + std::to_string(calls) + "\n";
  });
  return sluice::run_program(argc, argv, std::move(extensions));
}
