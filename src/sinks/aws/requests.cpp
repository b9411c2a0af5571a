#include "sinks/aws/requests.hpp"

#include <algorithm>
#include <utility>

#include "text/json.hpp"
#include "text/percent.hpp"

namespace sluice::sinks::aws {

namespace {

constexpr std::size_t event_time_bytes = 14;  // EventBridge counts them for each event

Call json_call(std::string_view version, std::string_view action) {
  return {{{"Content-Type", "application/x-amz-json-" + std::string(version)},
           {"X-Amz-Target", std::string(action)}},
          {}};
}
Call sqs_call(std::string_view action) {
  return json_call("1.0", "AmazonSQS." + std::string(action));
}
Call event_bridge_call(std::string_view action) {
  return json_call("1.1", "AWSEvents." + std::string(action));
}

/// Appends `,"name":"value"`, without the comma at the beginning of an object.
void put_json(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty() && out.back() != '{') out += ',';
  out.append("\"").append(name).append("\":");
  text::append_json(out, value, text::JsonEscape::replace_invalid);
}

/// Appends `&name=value`, without the ampersand at the beginning.
void put_form(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += '&';
  out.append(name).append("=");
  for (const char c : value) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      const auto encoded = text::percent_encoded(c);
      out.append(encoded.data(), encoded.size());
    }
  }
}

template <typename Each>
void each_header(std::string_view lines, const Each& each) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    const auto colon = line.find(": ");
    if (colon != std::string_view::npos && colon + 2 < line.size())
      each(line.substr(0, colon), line.substr(colon + 2));
  }
}

void append_sqs_entry(std::string& out, const Entry& entry, std::size_t index) {
  out += '{';
  put_json(out, "Id", std::to_string(index));
  put_json(out, "MessageGroupId", entry.group);
  put_json(out, "MessageDeduplicationId", entry.id);
  std::string attributes = "{";
  each_header(entry.headers, [&](std::string_view name, std::string_view value) {
    attributes += attributes.size() > 1 ? ",\"" : "\"";
    attributes.append(name).append("\":{");
    put_json(attributes, "DataType", "String");
    put_json(attributes, "StringValue", value);
    attributes += '}';
  });
  if (attributes.size() > 1) out += ",\"MessageAttributes\":" + attributes + "}";
  put_json(out, "MessageBody", entry.body);
  out += '}';
}

Call sqs_batch(std::string_view queue_url, std::span<const Entry> entries) {
  Call call = sqs_call("SendMessageBatch");
  call.body = "{";
  put_json(call.body, "QueueUrl", queue_url);
  call.body += ",\"Entries\":[";
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) call.body += ',';
    append_sqs_entry(call.body, entries[i], i);
  }
  call.body += "]}";
  return call;
}

Call query_call(std::string_view action) {
  Call call{{{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}, {}};
  put_form(call.body, "Action", action);
  put_form(call.body, "Version", "2010-03-31");
  return call;
}

Call sns_batch(std::string_view topic, std::span<const Entry> entries) {
  Call call = query_call("PublishBatch");
  put_form(call.body, "TopicArn", topic);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    const std::string member = "PublishBatchRequestEntries.member." + std::to_string(i + 1) + ".";
    put_form(call.body, member + "Id", std::to_string(i));
    put_form(call.body, member + "MessageGroupId", entry.group);
    put_form(call.body, member + "MessageDeduplicationId", entry.id);
    std::size_t number = 0;
    each_header(entry.headers, [&](std::string_view name, std::string_view value) {
      const std::string attribute = member + "MessageAttributes.entry." + std::to_string(++number) + ".";
      put_form(call.body, attribute + "Name", name);
      put_form(call.body, attribute + "Value.DataType", "String");
      put_form(call.body, attribute + "Value.StringValue", value);
    });
    put_form(call.body, member + "Message", entry.body);
  }
  return call;
}

Call put_events(std::string_view bus, std::span<const Entry> entries) {
  Call call = event_bridge_call("PutEvents");
  call.body = "{\"Entries\":[";
  for (std::size_t i = 0; i < entries.size(); ++i) {
    call.body += i > 0 ? ",{" : "{";
    put_json(call.body, "EventBusName", bus);
    put_json(call.body, "Source", entries[i].group);
    put_json(call.body, "DetailType", entries[i].detail_type);
    put_json(call.body, "Detail", entries[i].body);
    call.body += '}';
  }
  call.body += "]}";
  return call;
}

}  // namespace

std::size_t most_batch(AwsPlan::Service service) {
  constexpr std::size_t of_sns = std::size_t{256} << 10;
  constexpr std::size_t of_event_bridge = 1'000'000;
  switch (service) {
    case AwsPlan::Service::sns:
      return of_sns;
    case AwsPlan::Service::event_bridge:
      return of_event_bridge;
    case AwsPlan::Service::sqs:
      break;
  }
  return most_message;
}

std::size_t bytes_of(const Entry& entry) {
  std::size_t bytes = entry.body.size();
  if (!entry.detail_type.empty())
    return bytes + entry.group.size() + entry.detail_type.size() + event_time_bytes;
  each_header(entry.headers, [&](std::string_view name, std::string_view value) {
    bytes += name.size() + std::string_view("String").size() + value.size();
  });
  return bytes;
}

Call batch_call(AwsPlan::Service service, std::string_view target, std::span<const Entry> entries) {
  switch (service) {
    case AwsPlan::Service::sns:
      return sns_batch(target, entries);
    case AwsPlan::Service::event_bridge:
      return put_events(target, entries);
    case AwsPlan::Service::sqs:
      break;
  }
  return sqs_batch(target, entries);
}

Call queue_url_call(std::string_view queue) {
  Call call = sqs_call("GetQueueUrl");
  call.body = "{";
  put_json(call.body, "QueueName", queue);
  call.body += '}';
  return call;
}

Call look_call(AwsPlan::Service service, std::string_view target) {
  if (service == AwsPlan::Service::sns) {
    Call call = query_call("GetTopicAttributes");
    put_form(call.body, "TopicArn", target);
    return call;
  }
  const bool sqs = service == AwsPlan::Service::sqs;
  Call call = sqs ? sqs_call("GetQueueAttributes") : event_bridge_call("DescribeEventBus");
  call.body = "{";
  put_json(call.body, sqs ? "QueueUrl" : "Name", target);
  call.body += sqs ? ",\"AttributeNames\":[\"FifoQueue\"]}" : "}";
  return call;
}

}  // namespace sluice::sinks::aws
