#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/payload_format.hpp"
#include "rules/shared/event_message.hpp"
#include "rules/shared/text_template.hpp"
#include "sluice/settings.hpp"

/// Reads from a webhook rule's settings how its requests are made. All functions throw ConfigError, with the
/// setting's place, for invalid settings.
namespace sluice::rules {

/// Names that templates may use in addition to those of the event, with their values.
using RequestNames = std::vector<std::pair<std::string, std::string>>;

/// The HTTP method for each operation.
struct RequestMethods {
  std::string insert;
  std::string update;
  std::string replace;
  std::string remove;
  std::string snapshot;
  std::string drop;
  std::string rename;

  std::string_view of(Operation operation) const;
};

struct RequestHeader {
  std::string name;
  TextTemplate value;
};

/// The request's body: a document, a text, the document computed from `values`, or nothing.
struct RequestBody {
  std::optional<Payload> payload;
  std::optional<TextTemplate> text;
  bool made = false;
  bool envelope = false;
  std::string content_type;
};

/// Throws for a text with control characters, because a header is one line.
void check_header_line(const Settings& settings, std::string_view key, const std::string& text);

/// Scheme, host and port of `url`. Sets `rest` to the part behind them, which is a template.
std::string read_webhook_origin(const Settings& settings, std::string& rest);

/// Reads `method` and `methods`.
RequestMethods read_request_methods(const Settings& settings);

/// Reads `headers`. Throws for a header that a rule may not set.
std::vector<RequestHeader> read_request_headers(const Settings& settings, const RequestNames& names);

/// Reads `payload`, `body`, `values`, `content_type` and `format`. Sets `format` to the way documents are
/// written.
RequestBody read_request_body(const Settings& settings, const RequestNames& names, PayloadFormat& format);

}  // namespace sluice::rules
