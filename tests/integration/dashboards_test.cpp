#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "support/deploy.hpp"
#include "support/fixture.hpp"
#include "support/likes.hpp"
#include "support/publishing.hpp"

namespace sluice::test {
namespace {

using Names = std::set<std::string>;

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Every name of a metric of ours that a text holds, as it stands there.
Names names_in(const std::string& text) {
  static const std::regex name("\\b(sluice|process)_[a-z_]+\\b");
  Names names;
  for (auto found = std::sregex_iterator(text.begin(), text.end(), name); found != std::sregex_iterator();
       ++found) {
    names.insert(found->str());
  }
  return names;
}

Names missing(const Names& wanted, const Names& there) {
  Names names;
  std::ranges::set_difference(wanted, there, std::inserter(names, names.end()));
  return names;
}

/// What the project ships for other programs' eyes names the metrics that the program has, and no others.
class Dashboards : public PipelineTest {
 protected:
  /// The names of all series, and those of all metrics (a histogram is one metric and three series).
  void look() {
    std::string page = page_of_a_sharer();
    page += start(realworld_file()).ready().get("/metrics").body;
    // A member of a cluster has some that a static shard has not; here it stands by.
    page += start_member(realworld_file(), 1).ready().get("/metrics").body;
    page += page_of_a_caller();
    page += page_of_a_relay();
    static const std::regex type("# TYPE ([a-z_]+) ");
    for (auto found = std::sregex_iterator(page.begin(), page.end(), type); found != std::sregex_iterator();
         ++found) {
      metrics_.insert((*found)[1]);
    }
    series_ = names_in(page);
  }

  /// What calls of web services are told by is there with the first of them.
  std::string page_of_a_caller() {
    const workbench::Port nobody;
    Worker& caller =
        start(file("  - name: hook\n    webhook: { from: calls, url: \"http://127.0.0.1:" + nobody.text() +
                   "/\" }\n"))
            .ready();
    db().insert("calls", R"({"_id":1})");
    std::string page;
    EXPECT_TRUE(soon([&] {
      page = caller.get("/metrics").body;
      return page.find("sluice_webhook_requests_total") != std::string::npos;
    }));
    return page;
  }

  /// Some metrics are told only where instances share a change stream.
  std::string page_of_a_sharer() {
    const workbench::Port port;
    Worker& member =
        start_member(realworld_file(), 1, {"--feed-host", "127.0.0.1", "--feed-port", port.text()}).ready();
    std::string page;
    EXPECT_TRUE(soon([&] {
      page = member.get("/metrics").body;
      return page.find("sluice_feed_followers") != std::string::npos;
    }));
    EXPECT_EQ(member.terminate(), 0) << member.story();
    return page;
  }

  std::string page_of_a_relay() {
    const std::string rules = file(likes, "relayed.yaml");
    Worker& worker = start_member(rules, 2,
                                  {"--relay-stream", db().database() + "_relay", "--relay-partitions", "2",
                                   "--nats-url", shared_nats().url()})
                         .ready();
    std::string page;
    EXPECT_TRUE(soon([&] {
      page = worker.get("/metrics").body;
      return page.find("sluice_relay_unread_records") != std::string::npos;
    }));
    return page;
  }

  Names metrics_;
  Names series_;
};

TEST_F(Dashboards, NameMetricsThatTheProgramHas) {
  look();
  for (const char* file : {"/grafana/sluice.json", "/prometheus/alerts.yaml"}) {
    const Names named = names_in(text_of(deploy_folder() + file));
    EXPECT_GT(named.size(), 5U) << file;
    EXPECT_EQ(missing(named, series_), Names()) << file;
  }
}

TEST_F(Dashboards, TheMonitoringPageListsEveryMetricAndNoOther) {
  look();
  std::string page = text_of(deploy_folder() + "/../docs/monitoring.md");
  const auto table = page.find("| metric | labels |");
  ASSERT_NE(table, std::string::npos);
  const Names listed = names_in(page.substr(table, page.find("\n\n", table) - table));
  EXPECT_EQ(missing(listed, metrics_), Names()) << "listed, and not there";
  EXPECT_EQ(missing(metrics_, listed), Names()) << "there, and not listed";
}

}  // namespace
}  // namespace sluice::test
