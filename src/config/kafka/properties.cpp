#include "config/kafka/properties.hpp"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "config/names.hpp"
#include "sluice/settings.hpp"

namespace sluice::config {
namespace {

struct Reserved {
  std::string_view name;
  const char* why;
};

constexpr const char* of_brokers = "set 'kafka.brokers' instead";
constexpr const char* of_guarantees =
    "Sluice sets it, because it loses nothing and keeps the order of each key only with its own value";

constexpr std::array reserved{
    Reserved{"bootstrap.servers", of_brokers},
    Reserved{"metadata.broker.list", of_brokers},
    Reserved{"acks", of_guarantees},
    Reserved{"request.required.acks", of_guarantees},
    Reserved{"enable.idempotence", of_guarantees},
    Reserved{"enable.gapless.guarantee", of_guarantees},
    Reserved{"max.in.flight", of_guarantees},
    Reserved{"max.in.flight.requests.per.connection", of_guarantees},
    Reserved{"message.send.max.retries", of_guarantees},
    Reserved{"retries", of_guarantees},
    Reserved{"message.timeout.ms", of_guarantees},
    Reserved{"delivery.timeout.ms", of_guarantees},
    Reserved{"queuing.strategy", of_guarantees},
    Reserved{"delivery.report.only.error", of_guarantees},
    Reserved{"transactional.id", of_guarantees},
    Reserved{"log.queue", "Sluice reads librdkafka's events itself"},
    Reserved{"statistics.interval.ms", "Sluice has metrics of its own"},
};

/// A property as librdkafka documents it.
struct Documented {
  std::string name;
  bool of_producers = true;  ///< false: only consumers have it
  bool by_function = false;  ///< a callback or pointer, which no text can set
};

std::string cell_of(std::string_view& line) {
  const std::size_t end = std::min(line.find('|'), line.size());
  std::string_view cell = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  while (cell.starts_with(' ')) cell.remove_prefix(1);
  while (cell.ends_with(' ')) cell.remove_suffix(1);
  return std::string(cell);
}

/// librdkafka's own table of properties: `name | C/P | range | default | importance | text`.
std::vector<Documented> read_documentation() {
  char* text = nullptr;
  std::size_t size = 0;
  {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(open_memstream(&text, &size), std::fclose);
    if (!file) return {};
    rd_kafka_conf_properties_show(file.get());
  }
  const std::unique_ptr<char, void (*)(void*)> owned(text, std::free);
  std::vector<Documented> all;
  for (std::string_view rest(text, size); !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    Documented one;
    one.name = cell_of(line);
    const std::string whose = cell_of(line);
    if (whose != "*" && whose != "P" && whose != "C") continue;
    one.of_producers = whose != "C";
    one.by_function = line.find("see dedicated API") != std::string_view::npos;
    all.push_back(std::move(one));
  }
  return all;
}

const std::vector<Documented>& documented() {
  static const std::vector<Documented> all = read_documentation();
  return all;
}

std::string unknown_property(const std::string& name) {
  std::vector<std::string> names;
  for (const Documented& one : documented()) names.push_back(one.name);
  const std::string near = nearest_name(name, names);
  return fmt::format("librdkafka has no property '{}'{}", name,
                     near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
}

/// What the consumer group of a relay uses. Producers ignore it.
constexpr std::array<std::string_view, 2> of_groups = {"session.timeout.ms", "heartbeat.interval.ms"};

std::string why_not_settable(const std::string& name) {
  const auto own = std::ranges::find(reserved, name, &Reserved::name);
  if (own != reserved.end()) return fmt::format("'{}' cannot be set: {}", name, own->why);
  // The same property may be documented more than once: globally and for topics.
  bool of_producers = false;
  bool by_function = false;
  bool known = false;
  for (const Documented& one : documented()) {
    if (one.name != name) continue;
    known = true;
    of_producers |= one.of_producers;
    by_function |= one.by_function;
  }
  if (!known) return unknown_property(name);
  if (by_function) return fmt::format("'{}' cannot be set by a text", name);
  if (!of_producers && std::ranges::find(of_groups, name) == of_groups.end())
    return fmt::format("'{}' is a property of consumers, which Sluice sets itself", name);
  return {};
}

}  // namespace

std::string why_no_kafka_property(const std::string& name, const std::string& value) {
  if (auto why = why_not_settable(name); !why.empty()) return why;
  const std::unique_ptr<rd_kafka_conf_t, void (*)(rd_kafka_conf_t*)> scratch(rd_kafka_conf_new(),
                                                                             rd_kafka_conf_destroy);
  std::array<char, 512> why{};
  switch (rd_kafka_conf_set(scratch.get(), name.c_str(), value.c_str(), why.data(), why.size())) {
    case RD_KAFKA_CONF_OK:
      return {};
    case RD_KAFKA_CONF_UNKNOWN:
      return unknown_property(name);
    case RD_KAFKA_CONF_INVALID:
      break;
  }
  if (is_secret_kafka_property(name)) return fmt::format("the value of '{}' is not valid", name);
  return fmt::format("'{}: {}' is not valid: {}", name, value, why.data());
}

bool is_secret_kafka_property(std::string_view name) {
  for (const std::string_view part : {"password", "secret", "ssl.key.pem", "sasl.oauthbearer.config"}) {
    if (name.find(part) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace sluice::config
