#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "support/publishing.hpp"

namespace sluice::test {

using Texts = std::vector<std::string>;

/// Tests of which parts of a collection a rule reads. They check what is published, and how many events the
/// server sent.
class Selection : public PublishingTest {
 protected:
  /// A rule that publishes `from`. `settings`: YAML in flow style, without the braces.
  std::string rule(const std::string& name, const std::string& from, const std::string& settings) const {
    return "  - name: " + name + "\n    publish: { from: " + from + ", stream: " + stream() + ", subject: '" +
           stream() + "." + name + ".{coll}.{op}.{id}', subjects: ['" + stream() + ".>'], message_id: '" +
           name + "-{token}', " + settings + " }\n";
  }

  /// The subjects of all published messages, sorted, without the stream's name.
  Texts told() {
    EXPECT_TRUE(settled());
    Texts all;
    for (const NatsMessage& message : messages()) all.push_back(message.subject.substr(stream().size() + 1));
    std::ranges::sort(all);
    return all;
  }

  /// The events with this subject, in the order of their arrival.
  std::vector<Document> events(const std::string& subject) {
    std::vector<Document> found;
    for (const NatsMessage& message : messages()) {
      if (message.subject == stream() + "." + subject) found.emplace_back(message.data);
    }
    return found;
  }

  double events_read() const { return metric("sluice_events_read_total"); }

  std::vector<Document> letters() { return state().find("dead_letters", {}, R"({"sort":{"at":1}})"); }

  void keep_images(const std::string& collection, bool on) {
    db().command(R"({"collMod":")" + collection + R"(","changeStreamPreAndPostImages":{"enabled":)" +
                 (on ? "true" : "false") + "}}");
  }
};

}  // namespace sluice::test
