#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "config/problems.hpp"
#include "rules/registry.hpp"

namespace sluice::rules {
namespace {

using Lines = std::vector<std::string>;

const std::string head = "pipeline: p\nmongodb:\n  database: d\nrules:\n";

/// Between them every key of every kind of rule, each on a line of its own.
const std::vector<std::string> rules_with_every_key = {
    R"(  - name: r
    enabled: true
    embed:
      from: users
      on_delete: unset
      into:
        - collection: articles
          reference: authorId
          set:
            name: authorName
)",
    R"(  - name: r
    count:
      from: favorites
      reference: articleId
      into: articles
      field: likes
)",
    R"(  - name: r
    tally:
      from: articles
      field: tags
      into: counts
      count: n
)",
    R"(  - name: r
    publish:
      from: items
      operations: [insert, update]
      fields: [a]
      where: $fullDocument.a
      when: NEW.a = 1
      full_document: required
      before: required
      redact: [secret]
      project: [a]
      dedup_s: 7
      linger_ms: 7
      own_writes: ignore
      stream: S
      create: true
      retention: limits
      discard: old
      replicas: 1
      duplicate_window_s: 5
      max_age_s: 700
      max_bytes: 7
      max_messages: 7
      subject: S.{coll}
      subjects: [S.>]
      message_id: "{token}"
      format: relaxed
      payload: event
      order: collection
      headers: all
      snapshot: first
      tokens:
        database: t
        collection: c
        capped: true
        size_bytes: 4096
)",
    R"(  - name: r
    publish:
      from: items
      kafka:
        topic: t.{coll}
        key: k.{id}
        deletes: both
        create: true
        partitions: 7
        replication: 7
        config:
          cleanup.policy: compact
)",
    R"(  - name: r
    publish:
      from: items
      rabbitmq:
        exchange: e
        routing_key: k.{id}
        declare: topic
)",
    R"(  - name: r
    publish:
      from: items
      order: group
      sqs:
        queue: q.fifo
        group: g.{id}
)",
    R"(  - name: r
    publish:
      from: items
      sns:
        topic: arn:aws:sns:eu-central-1:123456789012:t.fifo
        group: g.{id}
)",
    R"(  - name: r
    publish:
      from: items
      eventbridge:
        bus: b
        source: s.{id}
        detail_type: d.{op}
)",
    R"(  - name: r
    webhook:
      from: items
      operations: [insert]
      url: https://h/x
      method: POST
      methods:
        insert: PUT
      headers:
        X-A: a
      body: "{}"
      content_type: application/json
      concurrency: 7
      timeout_ms: 7
      connect_timeout_ms: 7
      ca_file: f
      cert_file: f
      key_file: f
      breaker:
        failures: 7
        open_ms: 5
        most_open_ms: 7
      retry:
        network: 7
        timeout: 7
        status_5xx: 7
        throttled: 7
        status:
          409: done
      batch:
        size: 7
      secret: s
      idempotency_key: "{token}"
      snapshot: none
      order_by: NEW.a
      dedup_s: 7
      linger_ms: 7
)",
    R"(  - name: r
    webhook:
      from: items
      url: https://h/x
      payload: event
      format: relaxed
      secret_file: f
)",
    R"(  - name: r
    webhook:
      from: items
      operations: [insert]
      url: https://h/x
      secret_env: E
      values:
        a: NEW.a
)",
    R"(  - name: r
    write:
      from: items
      operations: [insert]
      into: copies
      mode: insert
      order_by: NEW.a
      values:
        a: NEW.a
      dedup_s: 7
)",
    R"(  - name: r
    write:
      from: items
      operations: [insert]
      into: copies
      mode: update
      id: NEW._id
      order: document
      pipeline: [{$set: {b: $a}}]
      values:
        a: NEW.a
)",
    R"(  - name: r
    event_store:
      from: items
      operations: [insert]
      into: events
      aggregate: NEW.order
      type: NEW.type
      data: NEW
      order: document
)",
    R"(  - name: r
    cache:
      from: items
      delete: "i:{id}"
      refresh:
        key: "k:{id}"
        value: document
        format: relaxed
        ttl_s: 7
)",
};

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) lines.push_back(line);
  return lines;
}

std::size_t indent_of(const std::string& line) {
  return line.find_first_not_of(" -");
}

config::Problems problems_in(const std::string& text) {
  config::Judged judged = config::judge_text(text, "f.yaml", {}, {});
  for (const StreamConfig& stream : judged.loaded.config.streams) {
    try {
      make_rules(stream);
    } catch (const ConfigError& error) {
      config::append(judged.problems, error);
    }
  }
  return judged.problems;
}

std::string key_of(const std::string& line) {
  return line.substr(indent_of(line), line.find(':') - indent_of(line));
}

/// The text with another value behind the key of a line, and without what stands below that key.
std::string with_value(const Lines& lines, std::size_t at, const std::string& value) {
  std::string text;
  for (std::size_t i = 0; i < at; ++i) text += lines[i] + "\n";
  text += lines[at].substr(0, lines[at].find(':') + 1) + " " + value + "\n";
  std::size_t next = at + 1;
  while (next < lines.size() && indent_of(lines[next]) > indent_of(lines[at])) ++next;
  for (; next < lines.size(); ++next) text += lines[next] + "\n";
  return text;
}

/// What is taken although it is of another type than the value in the rules above, and means what README.md
/// and docs say: a header or a secret that reads like a number, and constants and maps where an expression
/// may stand.
bool has_a_meaning(const std::string& key, const std::string& value) {
  static const std::multimap<std::string, std::string> documented = {
      {"X-A", "5"},         {"X-A", "true"},        {"secret", "5"},         {"secret", "true"},
      {"when", "{a: 5}"},   {"order_by", "5"},      {"order_by", "true"},    {"id", "5"},
      {"id", "true"},       {"order_by", "{a: 5}"}, {"aggregate", "5"},      {"aggregate", "true"},
      {"type", "5"},        {"type", "true"},       {"aggregate", "{a: 5}"}, {"data", "5"},
      {"data", "true"},     {"id", "{a: 5}"},       {"type", "{a: 5}"},      {"data", "{a: 5}"},
      {"values", "{a: 5}"}, {"config", "{a: 5}"},   {"cleanup.policy", "5"}, {"cleanup.policy", "true"}};
  const auto [first, last] = documented.equal_range(key);
  return std::any_of(first, last, [&](const auto& one) { return one.second == value; });
}

bool is_of_the_same_type(const std::string& line, const std::string& value) {
  const std::string stated = line.substr(line.find(':') + 1);
  if (value == "true") return stated == " true" || stated == " false";
  return value == "5" && stated.size() > 1 && stated.find_first_not_of("0123456789", 1) == std::string::npos;
}

class WrongTypes : public testing::TestWithParam<std::string> {};

TEST_P(WrongTypes, AreRefusedWithLineAndColumn) {
  const Lines lines = lines_of(head + GetParam());
  for (const auto& problem : problems_in(head + GetParam())) ADD_FAILURE() << problem.text();
  const std::string kind = key_of(lines[lines_of(head).size() + 1]);
  for (std::size_t at = lines_of(head).size(); at < lines.size(); ++at) {
    for (const std::string value : {"5", "[5]", "{a: 5}", "~", "true"}) {
      const std::string key = key_of(lines[at]);
      const bool in_values = at > 0 && key == "a";  // an item of `values`: any constant, list or map
      const bool body_of_webhook = key == "values" && kind == "webhook" && (value == "5" || value == "true");
      const bool headers_of_webhook = key == "headers" && kind == "webhook" && value == "{a: 5}";
      if (is_of_the_same_type(lines[at], value) || in_values || body_of_webhook || headers_of_webhook ||
          has_a_meaning(key, value)) {
        EXPECT_TRUE(problems_in(with_value(lines, at, value)).empty()) << lines[at] << " <- " << value;
        continue;
      }
      const config::Problems problems = problems_in(with_value(lines, at, value));
      const bool here = std::ranges::any_of(problems, [&](const config::Problem& one) {
        return one.file == "f.yaml" && one.line == static_cast<int>(at) + 1 && one.column > 0;
      });
      EXPECT_TRUE(here) << kind << ": " << lines[at] << " <- " << value << ": "
                        << (problems.empty() ? "accepted" : problems.front().text());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, WrongTypes, testing::ValuesIn(rules_with_every_key));

/// Every key that a rule's kind reads stands in one of the rules above; those by which all kinds select what
/// they are for stand in the first that has them.
TEST(WrongTypesOfKeys, AllAreLookedAt) {
  std::string all;
  for (const std::string& rule : rules_with_every_key) all += rule;
  for (const std::string& kind : kinds()) {
    ASSERT_NE(all.find("    " + kind + ":\n"), std::string::npos) << kind;
    // A key like no other has the message list all that are known.
    const std::string text = *std::ranges::find_if(rules_with_every_key, [&](const std::string& rule) {
      return rule.find("    " + kind + ":\n") != std::string::npos;
    });
    const config::Problems problems = problems_in(head + text + "      wwwwwwwwwwwwww: 1\n");
    ASSERT_EQ(problems.size(), 1u) << kind;
    const std::string& message = problems[0].message;
    std::istringstream known(message.substr(message.find("allowed here: ") + 14));
    for (std::string word; known >> word;) {
      if (word == "or") continue;
      if (word.ends_with(',')) word.pop_back();
      EXPECT_NE(all.find(" " + word + ":"), std::string::npos) << kind << ": " << word;
    }
  }
}

}  // namespace
}  // namespace sluice::rules
