#include "sinks/jetstream/streams.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sinks/jetstream/answer.hpp"
#include "text/json_writer.hpp"

namespace sluice::sinks::jetstream {

namespace {

constexpr std::int64_t ns_in_ms = 1'000'000;

std::string_view first_token(std::string_view& subject) {
  const auto dot = subject.find('.');
  const std::string_view token = subject.substr(0, dot);
  subject = dot == std::string_view::npos ? std::string_view{} : subject.substr(dot + 1);
  return token;
}

const char* text_of(StreamShape::Retention retention) {
  switch (retention) {
    case StreamShape::Retention::limits:
      return "limits";
    case StreamShape::Retention::interest:
      return "interest";
    case StreamShape::Retention::work_queue:
      return "workqueue";
  }
  return "";
}

StreamShape::Retention retention_of(jsRetentionPolicy policy) {
  return policy == js_InterestPolicy    ? StreamShape::Retention::interest
         : policy == js_WorkQueuePolicy ? StreamShape::Retention::work_queue
                                        : StreamShape::Retention::limits;
}

jsRetentionPolicy policy_of(StreamShape::Retention retention) {
  return retention == StreamShape::Retention::interest     ? js_InterestPolicy
         : retention == StreamShape::Retention::work_queue ? js_WorkQueuePolicy
                                                           : js_LimitsPolicy;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

Error failed(natsStatus status, jsErrCode code, const std::string& doing) {
  if (code == 0) {
    Error error = error_of(status, doing);
    if (status == NATS_NO_RESPONDERS) error.message += "; start nats-server with JetStream (-js)";
    return error;
  }
  Error error = stream_error(static_cast<std::int32_t>(code), nats_GetLastError(nullptr));
  error.message = doing + ": " + error.message;
  return error;
}

std::optional<Error> compare(const StreamShape& shape, const jsStreamConfig& there,
                             const std::function<void(const std::string&)>& say) {
  std::vector<std::string> subjects;
  for (int i = 0; i < there.SubjectsLen; ++i) subjects.emplace_back(there.Subjects[i]);
  for (const std::string& needed : shape.needed) {
    const bool taken = std::ranges::any_of(subjects, [&](const auto& one) { return covers(one, needed); });
    if (taken) continue;
    return Error{ErrorKind::fatal, 0,
                 fmt::format("the JetStream stream {} has the subjects {}, but not {}; add it to the stream "
                             "(`nats stream edit {} --subjects ...`) or change the rule's 'subject'",
                             shape.name, joined(subjects), joined(shape.subjects), shape.name)};
  }
  const auto differs = [&](const std::string& what, const std::string& is, const std::string& asked) {
    say(fmt::format(
        "the JetStream stream {} exists already and is used as it is: its {} is {}, not {} as the rule says",
        shape.name, what, is, asked));
  };
  if (retention_of(there.Retention) != shape.retention) {
    differs("retention", text_of(retention_of(there.Retention)), text_of(shape.retention));
  }
  if (there.Replicas != shape.replicas) {
    differs("number of replicas", std::to_string(there.Replicas), std::to_string(shape.replicas));
  }
  if (there.Duplicates != shape.duplicate_window_ms * ns_in_ms) {
    differs("duplicate window", fmt::format("{} s", static_cast<double>(there.Duplicates) / 1e9),
            fmt::format("{} s", static_cast<double>(shape.duplicate_window_ms) / 1e3));
  }
  if (there.Storage != js_FileStorage) differs("storage", "memory", "file");
  if (there.NoAck) {
    return Error{ErrorKind::fatal, 0,
                 fmt::format("the JetStream stream {} acknowledges nothing (no_ack), so it is unknown what "
                             "it holds; turn its acknowledgements on",
                             shape.name)};
  }
  return std::nullopt;
}

std::optional<Error> create(jsCtx* js, const StreamShape& shape,
                            const std::function<void(const std::string&)>& say) {
  std::vector<const char*> subjects;
  for (const std::string& subject : shape.subjects) subjects.push_back(subject.c_str());
  const auto limit = [](std::int64_t stated) { return stated == 0 ? -1 : stated; };
  jsStreamConfig config;
  jsStreamConfig_Init(&config);
  config.Name = shape.name.c_str();
  config.Subjects = subjects.data();
  config.SubjectsLen = static_cast<int>(subjects.size());
  config.Retention = policy_of(shape.retention);
  config.Discard = shape.discard_new ? js_DiscardNew : js_DiscardOld;
  config.Storage = js_FileStorage;
  config.Replicas = shape.replicas;
  config.Duplicates = shape.duplicate_window_ms * ns_in_ms;
  config.MaxAge = shape.max_age_ms * ns_in_ms;
  config.MaxBytes = limit(shape.max_bytes);
  config.MaxMsgs = limit(shape.max_messages);
  jsErrCode code{};
  const natsStatus status = js_AddStream(nullptr, js, &config, nullptr, &code);
  if (status != NATS_OK) {
    return failed(status, code, "the JetStream stream " + shape.name + " could not be made");
  }
  say(fmt::format("created the JetStream stream {} for {}", shape.name, joined(shape.subjects)));
  return std::nullopt;
}

}  // namespace

bool covers(std::string_view wide, std::string_view narrow) {
  while (!wide.empty() && !narrow.empty()) {
    const std::string_view own = first_token(wide);
    if (own == ">") return true;
    const std::string_view other = first_token(narrow);
    if (other == ">" || (own != "*" && own != other)) return false;
  }
  return wide.empty() && narrow.empty();
}

bool meet(std::string_view one, std::string_view other) {
  while (!one.empty() && !other.empty()) {
    const std::string_view a = first_token(one);
    const std::string_view b = first_token(other);
    if (a == ">" || b == ">") return true;
    if (a != "*" && b != "*" && a != b) return false;
  }
  return one.empty() && other.empty();
}

std::optional<Error> look_at_stream(const Connection& connection, const StreamShape& shape,
                                    const std::function<void(const std::string&)>& say, bool& there) {
  jsCtx* made = nullptr;
  natsStatus status = natsConnection_JetStream(&made, connection.get(), nullptr);
  const JetStreamContext js(made);
  if (status != NATS_OK) return error_of(status, "JetStream");
  jsStreamInfo* found = nullptr;
  jsErrCode code{};
  status = js_GetStreamInfo(&found, js.get(), shape.name.c_str(), nullptr, &code);
  const StreamInfo info(found);
  there = status == NATS_OK;
  if (there) return compare(shape, *info->Config, say);
  if (status == NATS_NOT_FOUND || code == JSStreamNotFoundErr) return std::nullopt;
  return failed(status, code, "the JetStream stream " + shape.name + " cannot be read");
}

std::optional<Error> ensure_stream(const Connection& connection, const StreamShape& shape,
                                   const std::function<void(const std::string&)>& say) {
  bool there = false;
  if (auto error = look_at_stream(connection, shape, say, there)) return error;
  if (there) return std::nullopt;
  if (!shape.create) return missing(shape);
  jsCtx* made = nullptr;
  const natsStatus status = natsConnection_JetStream(&made, connection.get(), nullptr);
  const JetStreamContext js(made);
  if (status != NATS_OK) return error_of(status, "JetStream");
  auto error = create(js.get(), shape, say);
  const bool overlapping = error && error->code == JSStreamSubjectOverlapErr;
  if (!overlapping && !(error && error->code == JSStreamNameExistErr)) return error;
  // Another worker may have created it in between.
  if (auto other = look_at_stream(connection, shape, say, there); other || there) return other;
  if (auto other = overlapping ? overlap(connection, shape) : std::nullopt) return other;
  return error;
}

std::optional<Error> overlap(const Connection& connection, const StreamShape& shape) {
  constexpr std::int64_t patience_ms = 1000;
  for (const std::string& subject : shape.subjects) {
    const std::string question =
        text::JsonWriter().open_object().text("subject", subject).close_object().json();
    natsMsg* got = nullptr;
    const natsStatus status = natsConnection_RequestString(&got, connection.get(), "$JS.API.STREAM.NAMES",
                                                           question.c_str(), patience_ms);
    const Msg answer(got);
    if (status != NATS_OK) return std::nullopt;
    const std::string_view text(natsMsg_GetData(got), static_cast<std::size_t>(natsMsg_GetDataLength(got)));
    constexpr std::string_view before = R"("streams":[")";
    const std::size_t at = text.find(before);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = text.substr(at + before.size());
    const std::string name(rest.substr(0, rest.find('"')));
    if (name == shape.name) {
      return Error{ErrorKind::unavailable, 0, "the JetStream stream " + name + " is being created"};
    }
    return Error{ErrorKind::fatal, 0,
                 fmt::format("the JetStream stream {} cannot be created: the stream {} already has subjects "
                             "of {}; set 'stream: {}', or other subjects",
                             shape.name, name, subject, name)};
  }
  return std::nullopt;
}

Error missing(const StreamShape& shape) {
  return {ErrorKind::unavailable, 0,
          fmt::format("there is no JetStream stream {}; create it (`nats stream add {}`), or let Sluice "
                      "create it with 'create: true'",
                      shape.name, shape.name)};
}

}  // namespace sluice::sinks::jetstream
